import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import type { TargetType } from '../../src/schema/target-type.ts';
import { convertTo, issues, refusal, refuse } from '../conversion/convert-to.ts';

const xml = 'application/xml';
const form = 'application/x-www-form-urlencoded';
const php = 'application/x-php-serialized';

const Order = Type.Object({
  amount: Type.Number(),
  paid: Type.Boolean(),
  tags: Type.Array(Type.String()),
  note: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

const Tree = Type.Cyclic(
  { Node: Type.Object({ n: Type.Number(), next: Type.Optional(Type.Union([Type.Ref('Node'), Type.Null()])) }) },
  'Node',
);

/** A type of TypeBox's language for schemas. Its text is not parsed by TypeScript, which would take seconds. */
function script(text: string): TargetType {
  return Type.Script(text);
}

function nested(depth: number, innermost: unknown): unknown {
  let value: unknown = { n: innermost };
  for (let level = 0; level < depth; level++) value = { n: 1, next: value };
  return value;
}

describe('a value that fits its type', () => {
  test('is returned itself, with all that is in it', () => {
    const value = { amount: 1, paid: true, tags: ['a'], more: {} };
    expect(convertTo(Order, value)).toBe(value);
  });

  test('stays what it is where it could be something else', () => {
    expect(convertTo(Type.Union([Type.Number(), Type.String()]), '7')).toBe('7');
    expect(convertTo(Type.Unknown(), '7')).toBe('7');
    expect(convertTo({ type: ['number', 'string'] } as TargetType, '7')).toBe('7');
  });
});

describe('a value that does not fit is coerced', () => {
  test.each<[string, TargetType, unknown, unknown]>([
    ['text to a number', Type.Number(), '1.5', 1.5],
    ['text to an integer', Type.Integer(), '7', 7],
    ['text to an integer, written otherwise', Type.Integer(), '1e3', 1000],
    ['text to a bigint', Type.BigInt(), '9007199254740993', 9007199254740993n],
    ['an integer to a bigint', Type.BigInt(), 7, 7n],
    ['text to true', Type.Boolean(), 'true', true],
    ['text to false', Type.Boolean(), 'false', false],
    ['an integer to text', Type.String(), 7, '7'],
    ['a number to text', Type.String(), 1.5, '1.5'],
    ['text to a literal', Type.Literal(7), '7', 7],
    ['text to a literal of a boolean', Type.Literal(false), 'false', false],
    ['a number to a literal of a text', Type.Literal('7'), 7, '7'],
    ['text to one of the values of an enum', Type.Enum({ a: 1, b: 2 }), '2', 2],
    ['text where null would do', Type.Union([Type.Number(), Type.Null()]), '7', 7],
    ['what several types are named for', { type: ['null', 'integer'] } as TargetType, '7', 7],
    ['items', Type.Array(Type.Number()), ['1', 2, '3'], [1, 2, 3]],
    ['the items of a tuple', Type.Tuple([Type.Number(), Type.Boolean()]), ['1', 'true'], [1, true]],
    ['fields', Type.Object({ a: Type.Number() }), { a: '1', b: '2' }, { a: 1, b: '2' }],
    ['the fields of a record', Type.Record(Type.String(), Type.Number()), { a: '1' }, { a: 1 }],
    ['other fields', Type.Object({}, { additionalProperties: Type.Number() }), { a: '1' }, { a: 1 }],
    [
      'each part of an intersection',
      Type.Intersect([Type.Object({ a: Type.Number() }), Type.Object({ b: Type.Boolean() })]),
      { a: '1', b: 'true' },
      { a: 1, b: true },
    ],
    ['a recursive schema', Tree, { n: '1', next: { n: '2', next: null } }, { n: 1, next: { n: 2, next: null } }],
    ['an interface of a script', script('{ a: number, b: null | string }'), { a: '1', b: 2 }, { a: 1, b: '2' }],
  ])('%s', (_, type, value, expected) => {
    expect(convertTo(type, value)).toEqual(expected);
  });

  test('in a copy that holds what did not need it itself', () => {
    const value = { amount: '1', paid: true, tags: ['a'], note: null };
    const before = structuredClone(value);
    const converted = convertTo(Order, value);
    expect(converted).toEqual({ ...before, amount: 1 });
    expect(value).toEqual(before);
    expect(converted.tags).toBe(value.tags);
  });

  test('when it is frozen', () => {
    const value = Object.freeze({ amount: '1', paid: 'true', tags: Object.freeze([7]) });
    expect(convertTo(Order, value)).toEqual({ amount: 1, paid: true, tags: ['7'] });
  });

  test('keeps fields that are named like members of every object', () => {
    const value = JSON.parse('{"__proto__":{"a":"1"},"constructor":"2","a":"3"}');
    const type = Type.Object({ a: Type.Number() }, { additionalProperties: true });
    const converted = convertTo(type, value);
    expect(JSON.stringify(converted)).toBe('{"__proto__":{"a":"1"},"constructor":"2","a":3}');
    expect(Object.getPrototypeOf(converted)).toBe(Object.prototype);
    const record = convertTo(Type.Record(Type.String(), Type.Number()), JSON.parse('{"__proto__":"1","a":"2"}'));
    expect(Object.getOwnPropertyDescriptor(record, '__proto__')?.value).toBe(1);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  });
});

describe('nothing is lost: it is an error', () => {
  test.each<[string, TargetType, unknown]>([
    ['for a number, an empty text', Type.Number(), ''],
    ['for a number, text with spaces', Type.Number(), ' 7 '],
    ['for a number, leading zeros', Type.Number(), '007'],
    ['for a number, more digits than it has', Type.Number(), '9007199254740993'],
    ['for a number, null', Type.Number(), null],
    ['for a number, a boolean', Type.Number(), true],
    ['for a number, a list of one', Type.Number(), [7]],
    ['for an integer, a fraction', Type.Integer(), 1.9],
    ['for an integer, the text of a fraction', Type.Integer(), '1.9'],
    ['for a boolean, a number', Type.Boolean(), 1],
    ['for a boolean, another text', Type.Boolean(), 'yes'],
    ['for a boolean, capitals', Type.Boolean(), 'TRUE'],
    ['for a boolean, an empty text', Type.Boolean(), ''],
    ['for a text, null', Type.String(), null],
    ['for a text, a boolean', Type.String(), true],
    ['for a text, an object', Type.String(), {}],
    ['for a text, an integer whose last digits are gone', Type.String(), 2 ** 53],
    ['for a text, a number that is none', Type.String(), Number.NaN],
    ['for a text, minus zero', Type.String(), -0],
    ['for null, an empty text', Type.Null(), ''],
    ['for null, a text that says so', Type.Union([Type.Null(), Type.Number()]), 'null'],
    ['for a list, its item', Type.Array(Type.Number()), 7],
    ['for a list, an object of numbers', Type.Array(Type.Number()), { 0: 7 }],
    ['for an object, a list', Type.Object({}), []],
    ['for an object, a text', Type.Object({}), '{}'],
    ['for a list, a text', Type.Array(Type.Number()), '[]'],
    ['for a literal, another', Type.Literal(7), '8'],
    ['undefined', Type.Number(), undefined],
  ])('%s', (_, type, value) => {
    expect(refusal(type, value).issues.length).toBeGreaterThan(0);
  });
});

describe('where a media type does not distinguish a list of one from its item', () => {
  const List = Type.Object({ a: Type.Array(Type.Number()) });

  test.each([form, xml])('the item of %s becomes a list', (contentType) => {
    expect(convertTo(List, { a: '7' }, { contentType })).toEqual({ a: [7] });
    expect(convertTo(Type.Array(Type.Object({ n: Type.Number() })), { n: '7' }, { contentType })).toEqual([{ n: 7 }]);
    expect(convertTo(Type.Union([Type.Array(Type.Number()), Type.Null()]), '7', { contentType })).toEqual([7]);
  });

  test('JSON can, and so it is refused', () => {
    expect(issues(List, { a: '7' }, { contentType: 'application/json' })).toEqual(['/a must be array']);
  });

  test('what is absent stays absent', () => {
    expect(issues(List, {}, { contentType: form })).toEqual([' must have required properties a']);
  });

  test('an empty element of XML is an empty list or an empty object where one is wanted, and else a text', () => {
    const type = Type.Object({
      list: Type.Array(Type.Number()),
      object: Type.Object({}),
      text: Type.Array(Type.String()),
    });
    const value = { list: '', object: '', text: '' };
    expect(convertTo(type, value, { contentType: xml })).toEqual({ list: [], object: {}, text: [] });
    const repeating = new ConversionService([], {}, { xmlLists: 'repeated' }).compileTarget(type);
    expect(repeating.convert(value, { contentType: xml }, refuse)).toEqual({ list: [], object: {}, text: [''] });
    expect(issues(Type.Union([Type.Number(), Type.Null()]), '', { contentType: xml })).toEqual([' must be number']);
    expect(refusal(type, { list: '', object: '', text: '' }, { contentType: form }).issues).not.toEqual([]);
  });

  test('an empty array of PHP is an empty object where one is wanted', () => {
    expect(convertTo(Type.Record(Type.String(), Type.Number()), [], { contentType: php })).toEqual({});
    expect(convertTo(Type.Union([Type.Object({}), Type.Null()]), [], { contentType: php })).toEqual({});
    expect(issues(Type.Object({}), [1], { contentType: php })).toEqual([' must be object']);
  });
});

describe('text that may be JSON', () => {
  test('becomes a list or an object where the type is one', () => {
    expect(convertTo(Type.Array(Type.Number()), '[1,"2"]', { jsonText: true })).toEqual([1, 2]);
    expect(convertTo(Type.Object({ a: Type.Number() }), ' {"a":1}', { jsonText: true })).toEqual({ a: 1 });
    expect(convertTo(Type.Union([Tree, Type.Null()]), '{"n":1}', { jsonText: true })).toEqual({ n: 1 });
  });

  test('stays text where text is wanted', () => {
    expect(convertTo(Type.String(), '[1]', { jsonText: true })).toBe('[1]');
    expect(issues(Type.String({ format: 'uuid' }), '[1]', { jsonText: true })).toEqual([' must match format "uuid"']);
  });

  test('is reported by its issues when it is JSON, and else as text', () => {
    expect(issues(Type.Array(Type.Number()), '[1,"x"]', { jsonText: true })).toEqual(['/1 must be number']);
    expect(issues(Type.Array(Type.Number()), '[1', { jsonText: true })).toEqual([' must be array']);
    expect(issues(Type.Array(Type.Number()), 'null', { jsonText: true })).toEqual([' must be array']);
  });
});

describe('the issues of a value', () => {
  test('are all reported, each with its path, and none of what could be coerced', () => {
    expect(issues(Order, { amount: 'x', paid: 'true', tags: ['a', null], note: {} })).toEqual([
      '/amount must be number',
      '/tags/1 must be string',
      '/note must be string or null',
    ]);
  });

  test.each<[string, TargetType, unknown, string[]]>([
    ['absent fields', Type.Object({ a: Type.Number(), b: Type.Number() }), {}, [' must have required properties a, b']],
    ['fields too many', Type.Object({}, { additionalProperties: false }), { a: 1 }, ['/a is not expected']],
    ['items too many', Type.Tuple([Type.Number()]), ['x', 1], ['/1 is not expected', '/0 must be number']],
    ['a recursive schema', Tree, { n: 1, next: { n: 'x' } }, ['/next/n must be number']],
    ['a pointer', script('{ a: number, b?: this }'), { a: 1, b: { a: 'x' } }, ['/b/a must be number']],
    [
      'a pointer within a schema with an id',
      Type.Object({ q: Type.Unsafe({ $id: 'q', properties: { n: { $ref: '#' }, v: { type: 'number' } } }) }),
      { q: { v: 1, n: { v: 'x' } } },
      ['/q/n/v must be number'],
    ],
    ['a record', Type.Record(Type.String(), Type.Number()), { 'a/b~': 'x' }, ['/a~1b~0 must be number']],
    ['what is never', Type.Object({ a: Type.Never() }), { a: 1 }, ['/a must not be valid']],
    [
      'a refinement, not before the rest is right',
      Type.Refine(
        Type.Object({ a: Type.String() }),
        ({ a }) => a.length > 3,
        () => 'is too short',
      ),
      { a: 'x' },
      [' is too short'],
    ],
    [
      'a refinement of what is wrong',
      Type.Refine(Type.Object({ a: Type.String() }), ({ a }) => a.length > 3),
      {},
      [' must have required properties a'],
    ],
    [
      'exactly one',
      { oneOf: [{ type: 'number' }, { const: 1 }] } as TargetType,
      1,
      [' must match exactly one schema in oneOf'],
    ],
    [
      'what is not evaluated',
      { type: 'object', properties: { a: { type: 'number' } }, unevaluatedProperties: false } as TargetType,
      { a: 'x' },
      ['/a must be number'],
    ],
  ])('by their path for %s', (_, type, value, expected) => {
    expect(issues(type, value)).toEqual(expect.arrayContaining(expected));
  });

  test('are at most fifty, with paths of bounded length', () => {
    expect(issues(Type.Array(Type.Number()), Array(10_000).fill('x'))).toHaveLength(50);
    const [issue] = refusal(Type.Record(Type.String(), Type.Number()), { ['k'.repeat(100_000)]: 'x' }).issues;
    expect(issue?.path).toMatch(/^\/k{198}…$/);
  });

  test('quote no part of the value', () => {
    const secret = 'hunter2';
    const type = Type.Object({
      a: Type.Number(),
      b: Type.Union([Type.Literal('x'), Type.Object({})]),
      c: Type.Literal('y'),
    });
    expect(JSON.stringify(refusal(type, { a: secret, b: secret, c: secret }))).not.toContain(secret);
  });
});

describe('a value that is nested deeply', () => {
  test('is coerced at the bottom', () => {
    expect(convertTo(Tree, nested(200, '1'))).toEqual(nested(200, 1));
  });

  test('is reported at the bottom', () => {
    const [issue] = refusal(Tree, nested(30, 'x')).issues;
    expect(issue).toEqual({ path: `${'/next'.repeat(30)}/n`, message: 'must be number' });
  });

  test.each(['1', 'x'])('is refused where it is too deep, with %s at the bottom', (innermost) => {
    expect(refusal(Tree, nested(20_000, innermost)).issues).toEqual([{ path: '', message: 'is nested too deeply' }]);
  });

  test('does not take a time that grows with each branch of each level', () => {
    const Expression = Type.Cyclic(
      {
        E: Type.Union([
          Type.Object({ left: Type.Ref('E'), n: Type.Number() }),
          Type.Object({ left: Type.Ref('E'), t: Type.String() }),
          Type.Object({ leaf: Type.Number() }),
        ]),
      },
      'E',
    );
    // All ways through all branches would be 2 to the power of 14, each with a check of its own.
    let value: unknown = { leaf: 'x' };
    for (let level = 0; level < 14; level++) value = { left: value, n: 1, t: 'x' };
    expect(refusal(Expression, value).issues.length).toBeGreaterThan(0);
  });
});

test('what a getter of the value throws is not taken for an issue', () => {
  const value = {
    get amount() {
      throw new TypeError('of the getter');
    },
  };
  expect(() => convertTo(Order, value)).toThrow('of the getter');
});

test('a schema that refers to itself as a whole coerces at every depth', () => {
  const type = script('{ a: number, b?: this }');
  expect(convertTo(type, { a: '1', b: { a: '2', b: { a: 3 } } })).toEqual({ a: 1, b: { a: 2, b: { a: 3 } } });
});

describe('a record', () => {
  const key = 'a\nb';
  const Counts = Type.Record(Type.String(), Type.Integer());

  test.each<[TargetType, unknown, unknown]>([
    [Counts, { [key]: '7' }, { [key]: 7 }],
    [Type.Array(Counts), [{ [key]: '7' }], [{ [key]: 7 }]],
    [Type.Record(Type.String({ pattern: '^b' }), Type.Integer()), { [key]: 'x', b: '1' }, { [key]: 'x', b: 1 }],
  ])('converts the values of keys with a line break: %#', (type, value, expected) => {
    expect(convertTo(type, value)).toEqual(expected);
  });

  test('refuses a value of such a key that does not fit', () => {
    expect(issues(Counts, { [key]: 'x' })).toHaveLength(1);
  });
});
