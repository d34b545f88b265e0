import Type from 'typebox';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { instance } from '../../src/schema/instance.ts';
import type { TargetType } from '../../src/schema/target-type.ts';
import { convertTo, issues, refuse } from './convert-to.ts';

class ExecutorId {}
class Loop {}

const service = new ConversionService([
  { from: Type.Array(Type.Number()), to: ExecutorId, convert: () => new ExecutorId() },
  { from: Type.Object({ format: Type.String({ format: 'iban' }) }), to: Loop, convert: () => new Loop() },
]);

describe('a type is refused at start', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'the type is nothing, not a schema or a class'],
    ['null', null, 'the type is null, not a schema'],
    ['a text', 'hello', 'the type is a string, not a schema'],
    ['a number', 42, 'the type is a number, not a schema'],
    ['a list', [Type.String()], 'the type is an array, not a schema'],
    ['a function', () => 1, 'the type is a function, not a schema'],
    [
      'bare properties',
      { a: Type.String() },
      'the type is an object that is not a schema. Give Type.Object({ … }) of it.',
    ],
    ['a part that is none', Type.Object({ a: 7 as never }), 'is invalid at /properties/a: it is a number'],
    ['an unknown format', Type.String({ format: 'iban' }), "has the format 'iban', which is not known"],
    [
      'an unknown format within',
      Type.Object({ a: Type.Array(Type.Union([Type.Null(), Type.String({ format: 'x' })])) }),
      "is invalid at /properties/a/items/anyOf/1: it has the format 'x'",
    ],
    [
      'an unknown format in a recursive schema',
      Type.Cyclic({ A: Type.Object({ a: Type.Optional(Type.Ref('A')), b: Type.String({ format: 'x' }) }) }, 'A'),
      "at /$defs/A/properties/b: it has the format 'x'",
    ],
    ['an unknown kind', { type: 'text' }, "has the type 'text', which JSON Schema does not know"],
    ['an unknown kind among others', { type: ['string', 'nil'] }, "has the type 'nil'"],
    ['a class that nothing makes', Map, 'the type is the class Map, which no type converter makes. Register one'],
    ['one within', Type.Array(instance(Map)), 'is invalid at /items: it is the class Map'],
    [
      'a class made of what is wrong',
      Loop,
      "whose type converter takes a type that is invalid at /properties/format: it has the format 'iban'",
    ],
    [
      'a codec',
      Type.Codec(Type.String()).Decode(Number).Encode(String),
      'is a TypeBox codec, which is not applied here. Register a type converter',
    ],
    ['a pattern that is none', Type.String({ pattern: '(' }), 'the type cannot be compiled: '],
  ])('when it is %s', (_, type, message) => {
    expect(() => service.compileTarget(type as TargetType)).toThrow(TypeError);
    expect(() => service.compileTarget(type as TargetType)).toThrow(message);
  });
});

describe('a type that is prepared', () => {
  test.each<[TargetType, { optional?: boolean; nullable?: boolean; isArray?: boolean }, string]>([
    [Type.String(), {}, 'string'],
    [Type.String({ format: 'uuid' }), {}, 'string (uuid)'],
    [Type.Object({ a: Type.Null(), b: Type.Null() }), {}, 'object { a, b }'],
    [Type.Object({ a: Type.Null() }, { title: 'Order' }), {}, 'Order'],
    [Type.Record(Type.String(), Type.Number()), {}, 'object of number'],
    [Type.Optional(Type.Number()), { optional: true }, 'number'],
    [Type.Union([Type.Number(), Type.Null()]), { nullable: true }, 'number or null'],
    [Type.Unknown(), { nullable: true }, 'any value'],
    [Type.Array(Type.Array(Type.Number())), { isArray: true }, 'list of list of number'],
    [Type.Tuple([Type.Number(), Type.Literal('a')]), { isArray: true }, "[number, 'a']"],
    [Type.Union([Type.Array(Type.Number()), Type.Null()]), { isArray: true, nullable: true }, 'list of number or null'],
    [Type.Union([Type.Array(Type.Number()), Type.Number()]), {}, 'list of number or number'],
    [Type.Cyclic({ A: Type.Array(Type.Ref('A')) }, 'A'), { isArray: true }, 'A'],
    [ExecutorId, { isArray: true }, 'ExecutorId'],
    [Type.Optional(instance(ExecutorId)), { isArray: true, optional: true }, 'ExecutorId'],
    [instance(Date), {}, 'Date'],
    [Type.Enum({ a: 1, b: 'x' }), {}, "1 or 'x'"],
  ])('says what it is: %#', (type, expected, description) => {
    const { optional, nullable, isArray, ...rest } = service.compileTarget(type);
    expect({ optional, nullable, isArray }).toEqual({ optional: false, nullable: false, isArray: false, ...expected });
    expect(rest.description).toBe(description);
  });

  test('gives undefined for undefined and null for null where they are allowed', () => {
    expect(convertTo(Type.Optional(Type.Number()), undefined)).toBeUndefined();
    expect(convertTo(Type.Optional(Type.Union([Type.Number(), Type.Null()])), null)).toBeNull();
    expect(issues(Type.Optional(Type.Number()), null)).toEqual([' must be number']);
  });

  test('is prepared though its refinement is not written for null', () => {
    const type = Type.Refine(Type.Unsafe<string>({}), (text) => text.length > 0);
    expect(service.compileTarget(type).nullable).toBe(false);
    expect(service.compileTarget(Type.Array(type)).isArray).toBe(true);
  });

  test('has the TypeScript type of its values', () => {
    const prepared = service.compileTarget(Type.Object({ id: instance(ExecutorId) }));
    expectTypeOf(prepared.convert({ id: [1] }, {}, refuse)).toEqualTypeOf<{ id: ExecutorId }>();
    expectTypeOf(service.compileTarget(ExecutorId).convert([1], {}, refuse)).toEqualTypeOf<ExecutorId>();
  });
});

describe('a format is really checked', () => {
  test.each([
    ['date', '2024-02-29', ['2025-02-29', '2025-02-30', '2025-13-01', '2025-1-1', '', '2025-01-01T00:00:00Z']],
    ['time', '23:59:59Z', ['25:00:00Z', '10:60:00Z', '10:00', '10:00:00']],
    [
      'date-time',
      '2024-02-29T10:00:00+01:00',
      ['2025-02-30T00:00:00Z', '2025-02-03T25:00:00Z', '2025-02-03T00:00:00', '2025-02-03'],
    ],
    ['duration', 'P1DT2H', ['P', '1D', 'PT']],
    ['uuid', '01a20176-4dc7-7dd4-90b0-d444ea2cc7cd', ['not-a-uuid', '01a201764dc77dd490b0d444ea2cc7cd', '']],
    ['email', 'a@example.org', ['a', 'a@', '@example.org', 'a b@example.org']],
    ['uri', 'https://example.org/a?b#c', ['a b', '//example.org', 'https://exa mple.org', '']],
    ['hostname', 'example.org', ['-a', 'a..b', 'a_b']],
    ['ipv4', '127.0.0.1', ['127.0.0.256', '127.1', '01.2.3.4']],
    ['ipv6', '::1', ['::g', '1', ':::']],
    ['regex', '^a$', ['(']],
  ])('%s', (format, good, bad) => {
    expect(convertTo(Type.String({ format }), good)).toBe(good);
    for (const text of bad) expect(issues(Type.String({ format }), text)).toEqual([` must match format "${format}"`]);
  });
});
