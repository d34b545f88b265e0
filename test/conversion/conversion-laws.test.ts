import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { instance } from '../../src/schema/instance.ts';
import { compileSchema, type Schema } from '../../src/schema/schema-check.ts';
import { Refused, refuse } from './convert-to.ts';

class Id {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

const leaves: Schema[] = [
  Type.String(),
  Type.Number(),
  Type.Integer({ minimum: 0 }),
  Type.Boolean(),
  Type.Null(),
  Type.BigInt(),
  Type.Literal('7'),
  Type.Literal(7),
  Type.Enum(['a', 'true']),
  Type.Unknown(),
  instance(Id),
  instance(Date),
  Type.String({ minLength: 2 }),
];

const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...leaves),
    tie('schema').map((items) => Type.Array(items)),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((branches) => Type.Union(branches)),
    fc.tuple(tie('schema'), tie('schema')).map((items) => Type.Tuple(items)),
    tie('schema').map((value) => Type.Record(Type.String(), value)),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => Type.Object({ a, b: Type.Optional(b) })),
    tie('schema').map((a) => Type.Object({ a }, { additionalProperties: false })),
    tie('schema').map((a) =>
      Type.Union([Type.Object({ a, b: Type.Literal('7') }), Type.Object({ b: Type.Literal('8') })]),
    ),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => Type.Intersect([Type.Object({ a }), Type.Object({ b })])),
  ),
}));

const scalar = fc.constantFrom(
  '',
  '7',
  7,
  1.5,
  '1.5',
  'true',
  true,
  null,
  '007',
  'a',
  '2026-03-01T09:30:00Z',
  -0,
  2 ** 53,
);
const key = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'c/~');
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
    fc.jsonValue(),
  ),
}));
const contentType = fc.constantFrom(undefined, 'application/json', 'application/xml', 'application/x-php-serialized');

const service = new ConversionService([
  { from: Type.String({ minLength: 1 }), to: Id, convert: (text) => new Id(text) },
  { from: Id, to: Type.String(), convert: ({ value }) => value },
]);

describe('whatever the type and the value', () => {
  test('the result fits the type, or there are issues, and the value stays as it was', () => {
    let fitted = 0;
    fc.assert(
      fc.property(schema, anyValue, contentType, fc.boolean(), (type, value, contentType, jsonText) => {
        const { check } = compileSchema(type);
        const before = structuredClone(value);
        try {
          const result = service.compileTarget(type).convert(value, { contentType, jsonText }, refuse);
          fitted++;
          expect(check(result)).toBe(true);
          if (check(value)) expect(result).toBe(value);
        } catch (error) {
          expect(error).toBeInstanceOf(Refused);
          const { issues } = error as Refused;
          expect(issues.length).toBeGreaterThan(0);
          for (const { path, message } of issues) {
            expect(path).toMatch(/^(\/|$)/);
            expect(message).not.toBe('');
          }
        }
        // Vitest takes a field `constructor` for what it compares classes by.
        expect(isDeepStrictEqual(value, before)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(fitted).toBeGreaterThan(20);
  });

  test('converting what was converted changes nothing', () => {
    fc.assert(
      fc.property(schema, anyValue, (type, value) => {
        const prepared = service.compileTarget(type);
        let once: unknown;
        try {
          once = prepared.convert(value, {}, refuse);
        } catch {
          return;
        }
        expect(prepared.convert(once, {}, refuse)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });
});

test('a coerced scalar says what it said', () => {
  const types = { number: Type.Number(), boolean: Type.Boolean(), string: Type.String(), bigint: Type.BigInt() };
  const anyScalar = fc.oneof(
    fc.double(),
    fc.maxSafeInteger(),
    fc.string(),
    fc.bigInt().map(String),
    fc.boolean(),
    scalar,
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(types)), anyScalar, (type, value) => {
      try {
        const result = service.compileTarget(type).convert(value, {}, refuse);
        if (typeof value === 'string' && typeof result === 'number') expect(Number(value)).toBe(result);
        else expect(String(result)).toBe(String(value));
      } catch (error) {
        expect(error).toBeInstanceOf(Refused);
      }
    }),
    { numRuns: 2000 },
  );
});
