// biome-ignore-all lint/suspicious/noThenProperty: the keyword of JSON Schema

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { compileNode } from '../../src/schema/compile-node.ts';
import { IssueCollector } from '../../src/schema/issue-collector.ts';
import { noConversions } from '../../src/schema/node-scope.ts';
import { rootDefinitions } from '../../src/schema/root-definitions.ts';
import { compileSchema, type Schema } from '../../src/schema/schema-check.ts';
import { convertTo, issues } from '../conversion/convert-to.ts';

const amount = { type: 'object', required: ['amount'], properties: { amount: { type: 'number' } } };
const price = { type: 'object', required: ['amount'], properties: { amount: { type: 'integer' } } };
const rows = (count: number, field: unknown = 1) => Array.from({ length: count }, () => ({ amount: field }));

function explained(schema: object, value: unknown): readonly string[] {
  const collector = new IssueCollector({});
  const definitions = rootDefinitions(schema as Schema);
  compileNode(schema as Schema, { definitions, references: new Map(), conversions: noConversions }).explain(
    value,
    collector,
  );
  return collector.issues.map(({ path, message }) => `${path} ${message}`);
}

describe('the explanation of a value', () => {
  test.each<[string, object, unknown, string[]]>([
    ['not', { not: amount }, { amount: 1 }, [' must not be valid']],
    ['then', { if: amount, then: { maxProperties: 0 } }, { amount: 1 }, [' must not have more than 0 properties']],
    [
      'properties in then',
      { if: amount, then: { properties: { amount: { minimum: 2 } } } },
      { amount: 1 },
      ['/amount must be >= 2'],
    ],
    ['else', { if: amount, else: { required: ['id'] } }, {}, [' must have required properties id']],
    ['else that is false', { if: amount, else: false }, {}, [' must match "else" schema']],
    [
      'if within if',
      { if: { if: amount, then: false }, else: { maxProperties: 0 } },
      { amount: 1 },
      [' must not have more than 0 properties'],
    ],
    [
      'oneOf beside anyOf',
      { anyOf: [{ type: 'object' }], oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      [' must match exactly one schema in oneOf'],
    ],
    ['oneOf that several fit', { oneOf: [amount, price] }, { amount: 1 }, [' must match exactly one schema in oneOf']],
    [
      'dependentSchemas',
      { dependentSchemas: { id: { properties: { name: { type: 'string' } } }, other: false } },
      { id: 1, name: 1 },
      ['/name must be string'],
    ],
    [
      'dependencies',
      { dependencies: { id: { properties: { name: { type: 'string' } } }, name: ['other'] } },
      { id: 1, name: 1 },
      [' must have properties other when property name is present', '/name must be string'],
    ],
    ['propertyNames', { propertyNames: { pattern: '^a' } }, { a1: 1, b1: 1 }, ['/b1 its name must match pattern "^a"']],
    ['propertyNames that is false', { propertyNames: false }, { a: 1 }, ['/a its name is not expected']],
    [
      'a union of types without a name',
      { anyOf: [{ minLength: 3 }, { pattern: '^a' }] },
      'b',
      [' must match a schema in anyOf', ' must not have fewer than 3 characters', ' must match pattern "^a"'],
    ],
    [
      'unevaluatedProperties',
      { properties: { a: {} }, unevaluatedProperties: false },
      { a: 1, b: 1 },
      [' must not have unevaluated properties'],
    ],
    ['unevaluatedItems', { prefixItems: [{}], unevaluatedItems: false }, [1, 2], [' must not have unevaluated items']],
    [
      'unevaluatedItems, after other issues',
      { prefixItems: [{ type: 'string' }], unevaluatedItems: false },
      [1, 2],
      ['/0 must be string'],
    ],
    [
      'a reference in not',
      { $defs: { amount }, not: { $ref: '#/$defs/amount' } },
      { amount: 1 },
      [' must not be valid'],
    ],
    [
      'a reference to itself in then',
      {
        type: 'object',
        if: { required: ['next'] },
        then: { properties: { next: { $ref: '#' } } },
        else: { required: ['end'] },
      },
      { next: { next: {} } },
      ['/next/next must have required properties end'],
    ],
  ])('names what is wrong by %s', (_, schema, value, expected) => {
    expect(explained(schema, value)).toEqual(expected);
    expect(issues(schema as Schema, value)).toEqual(expected);
  });

  test.each<[string, object, unknown, string]>([
    [
      'items',
      { type: 'array', items: { if: amount, then: { maxProperties: 0 } } },
      [...rows(200, 'x'), ...rows(1)],
      '/200',
    ],
    [
      'fields',
      { type: 'object', additionalProperties: { not: amount } },
      Object.fromEntries([...rows(200, 'x'), ...rows(1)].map((row, index) => [`row${index}`, row])),
      '/row200',
    ],
  ])('names the only issue behind many %s', (_, schema, value, path) => {
    const target = new ConversionService().compileTarget(schema as Schema);
    const refuse = (found: readonly { path: string }[]) => new Error(found.map((issue) => issue.path).join());
    expect(() => target.convert(value, {}, refuse)).toThrow(new RegExp(`^${path}$`));
  });
});

describe('a schema that is a boolean', () => {
  const numbers = { type: 'object', additionalProperties: { type: 'number' } };

  test.each<[string, object, unknown, unknown]>([
    ['true for a property', { ...numbers, properties: { id: true } }, { id: '7', n: '7' }, { id: '7', n: 7 }],
    ['true for a pattern', { ...numbers, patternProperties: { '^x': true } }, { x1: '7', n: '7' }, { x1: '7', n: 7 }],
    ['true for an item', { type: 'array', prefixItems: [true], items: { type: 'number' } }, ['7', '7'], ['7', 7]],
    ['false in a union', { anyOf: [false, { type: 'number' }] }, '7', 7],
    ['true in an intersection', { allOf: [true, { type: 'number' }] }, '7', 7],
  ])('coerces only what has a type: %s', (_, schema, value, expected) => {
    expect(convertTo(schema as Schema, value)).toEqual(expected);
  });

  test.each<[string, object, unknown, string[]]>([
    ['a property', { type: 'object', properties: { a: false } }, { a: 1 }, ['/a is not expected']],
    ['an item', { type: 'array', prefixItems: [false] }, [1], ['/0 is not expected']],
    ['an intersection', { allOf: [{ type: 'number' }, false] }, 1, [' is not expected']],
  ])('refuses every value if it is false, for %s', (_, schema, value, expected) => {
    expect(issues(schema as Schema, value)).toEqual(expected);
  });
});

test('a BigInt of a property is accepted where the schema around it has no type', () => {
  const schema = { properties: { id: { type: 'bigint' } } } as unknown as Schema;
  const value = { id: 2n ** 60n };
  expect(convertTo(schema, value, { largeIntegers: true })).toEqual(value);
});

test('a large value of a reference that only TypeBox resolves is not interpreted', () => {
  const schema = {
    type: 'object',
    properties: {
      q: { $id: 'q', properties: { list: { $ref: '#/$defs/list' } }, $defs: { list: { items: { type: 'number' } } } },
    },
  } as unknown as Schema;
  expect(issues(schema, { q: { list: [1, 'x'] } })).toEqual(['/q/list/1 must be number']);
  expect(issues(schema, { q: { list: [...Array(1_000).fill(1), 'x'] } })).toEqual([' does not fit its type']);
});

describe('any schema and value', () => {
  const names = fc.constantFrom('a', 'b', 'c');
  const fields = <Field>(field: fc.Arbitrary<Field>) =>
    fc.dictionary(names, field, { maxKeys: 3, noNullPrototype: true });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.integer({ min: -2, max: 3 }),
      fc.constantFrom('', 'a', 'bbb', true, null),
      fc.array(tie('value'), { maxLength: 3 }),
      fields(tie('value')),
    ),
  }));
  const { schema, part } = fc.letrec<{ schema: object; part: object | boolean }>((tie) => {
    const part = tie('part');
    const patterns = fc.dictionary(fc.constantFrom('^a', 'b$'), part, { noNullPrototype: true });
    const list = fc.array(part, { minLength: 1, maxLength: 3 });
    const one = <Value>(keyword: string, arbitrary: fc.Arbitrary<Value>) =>
      arbitrary.map((given) => ({ [keyword]: given }));
    return {
      part: fc.oneof({ weight: 1, arbitrary: fc.boolean() }, { weight: 6, arbitrary: tie('schema') }),
      schema: fc.oneof(
        { maxDepth: 4 },
        fc.record({ type: fc.constantFrom('object', 'array', 'string', 'number', 'null') }),
        fc.constantFrom({}, { const: 1 }, { enum: ['a', 1] }, { minimum: 1 }, { minLength: 2 }, { pattern: '^b' }),
        fc.constantFrom({ minItems: 1 }, { uniqueItems: true }, { required: ['a'] }, { maxProperties: 1 }),
        one('not', part),
        fc.record({ if: part, then: part, else: part }),
        fc.record({ if: part, then: part }),
        one('oneOf', list),
        one('anyOf', list),
        one('allOf', list),
        fc.record({ anyOf: list, oneOf: list }),
        one('propertyNames', part),
        one('dependentSchemas', fields(part)),
        one('dependencies', fields(fc.oneof(part, fc.constant(['b'])))),
        one('properties', fields(part)),
        fc.record({ type: fc.constant('object'), properties: fields(part), additionalProperties: part }),
        fc.record({ properties: fields(part), patternProperties: patterns, additionalProperties: part }),
        one('patternProperties', patterns),
        one('items', part),
        fc.record({ type: fc.constant('array'), prefixItems: list, items: part }),
        fc.record({
          contains: part,
          minContains: fc.integer({ min: 0, max: 2 }),
          maxContains: fc.integer({ min: 0, max: 2 }),
        }),
      ),
    };
  });

  // Within other schemas, TypeBox takes parts for evaluated that the standard does not.
  const parts = fc.array(schema, { minLength: 1, maxLength: 2 });
  const whole = fc.oneof(
    { weight: 8, arbitrary: schema },
    fc.record({ type: fc.constant('object'), properties: fields(part), allOf: parts, unevaluatedProperties: part }),
    fc.record({ type: fc.constant('object'), anyOf: parts, unevaluatedProperties: fc.constant(false) }),
    fc.record({ type: fc.constant('array'), prefixItems: parts, unevaluatedItems: part }),
  );

  test('have an explanation exactly if the value does not fit', () => {
    fc.assert(
      fc.property(whole, value, (given, one) => {
        const fits = compileSchema(given as Schema).check(one);
        expect(explained(given, one).length === 0).toBe(fits);
      }),
      { numRuns: 400 },
    );
  });
});
