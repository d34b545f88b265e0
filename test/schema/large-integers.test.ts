import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { defineTypeConverter } from '../../src/conversion/type-converter.ts';
import { instance } from '../../src/schema/instance.ts';
import { holdsLargeIntegers } from '../../src/schema/large-integers.ts';
import type { TargetType } from '../../src/schema/target-type.ts';
import type { UntypedLargeIntegers } from '../../src/schema/untyped-integers.ts';
import { digits } from '../arbitraries.ts';
import { convert, decode, encode } from '../conversion/convert.ts';
import { convertTo, Refused, refuse } from '../conversion/convert-to.ts';

class Money {
  readonly cents: bigint;
  constructor(cents: bigint) {
    this.cents = cents;
  }
}

const toMoney = defineTypeConverter({ from: Type.BigInt(), to: Money, convert: (cents) => new Money(cents) });

/** What a type makes of JSON, where the setting says this of what has no type. */
function read(type: TargetType, json: string, untypedLargeIntegers: UntypedLargeIntegers = 'refuse'): unknown {
  const value = decode(json, 'application/json');
  const service = new ConversionService([toMoney], {}, { untypedLargeIntegers });
  return service.compileTarget(type).convert(value, { largeIntegers: holdsLargeIntegers(value) }, refuse);
}

function issues(type: TargetType, json: string): readonly string[] {
  try {
    read(type, json);
  } catch (error) {
    if (error instanceof Refused) return error.issues.map(({ path, message }) => `${path} ${message.split(/[;,]/)[0]}`);
    throw error;
  }
  throw new Error('it was not refused');
}

const big = '9007199254740993';
const id = 9007199254740993n;
const untyped = 'is an integer beyond 2^53 without a type';
const beyond = 'is an integer beyond 2^53';

const Node = Type.Cyclic(
  { Node: Type.Object({ id: Type.BigInt(), inner: Type.Optional(Type.Array(Type.Ref('Node'))) }) },
  'Node',
);

describe('an integer beyond 2^53 in JSON', () => {
  test.each<[string, TargetType, string, unknown]>([
    ['alone', Type.BigInt(), big, id],
    ['in an object', Type.Object({ id: Type.BigInt() }), `{"id":${big}}`, { id }],
    ['in a list', Type.Array(Type.BigInt()), `[1,${big}]`, [1n, id]],
    ['in a tuple', Type.Tuple([Type.String(), Type.BigInt()]), `["a",${big}]`, ['a', id]],
    ['in a record', Type.Record(Type.String(), Type.BigInt()), `{"a":${big}}`, { a: id }],
    ['in a union', Type.Union([Type.BigInt(), Type.Null()]), big, id],
    ['in a union, behind what has no type', Type.Union([Type.Unknown(), Type.BigInt()]), big, id],
    [
      'in a branch of a union',
      Type.Union([
        Type.Object({ type: Type.Literal('a'), id: Type.Unknown() }),
        Type.Object({ type: Type.Literal('b'), id: Type.BigInt() }),
      ]),
      `{"type":"b","id":${big}}`,
      { type: 'b', id },
    ],
    [
      'in an intersection',
      Type.Intersect([Type.Object({ id: Type.BigInt() }), Type.Object({ other: Type.BigInt() })]),
      `{"id":${big},"other":${big}}`,
      { id, other: id },
    ],
    ['in a type that holds itself', Node, `{"id":${big},"inner":[{"id":${big}}]}`, { id, inner: [{ id }] }],
    ['where a literal wants it', Type.Literal(id), big, id],
    ['of a minimum', Type.BigInt({ minimum: id }), big, id],
    ['of a multiple', Type.BigInt({ multipleOf: 3n }), big, id],
    ['for a class', instance(Money), big, new Money(id)],
    ['as text', Type.String(), big, big],
    ['as text, where no number can be it', Type.Union([Type.Number(), Type.String()]), big, big],
    ['as text in a list', Type.Array(Type.String({ pattern: '^[0-9]+$' })), `[${big}]`, [big]],
    [
      'beside additional properties of that type',
      Type.Object({}, { additionalProperties: Type.BigInt() }),
      `{"a":${big}}`,
      { a: id },
    ],
  ])('is exact for a type that asks for it: %s', (_, type, json, value) => {
    expect(read(type, json)).toEqual(value);
  });

  test.each<[string, TargetType, string, string]>([
    ['a number', Type.Number(), big, ` ${beyond}`],
    ['an integer', Type.Object({ id: Type.Integer() }), `{"id":${big}}`, `/id ${beyond}`],
    ['a number in a list', Type.Array(Type.Number()), `[1,-${big}]`, `/1 ${beyond}`],
    ['a number with its own limits', Type.Integer({ minimum: 1 }), big, ` ${beyond}`],
    [
      'a number or nothing',
      Type.Object({ id: Type.Union([Type.Integer(), Type.Null()]) }),
      `{"id":${big}}`,
      `/id ${beyond}`,
    ],
    ['anything', Type.Unknown(), big, ` ${untyped}`],
    ['any', Type.Any(), `{"a":[{"b":${big}}]}`, `/a/0/b ${untyped}`],
    [
      'an object with more than its type names',
      Type.Object({ id: Type.BigInt() }),
      `{"id":${big},"more":${big}}`,
      `/more ${untyped}`,
    ],
    ['an object of unknown', Type.Record(Type.String(), Type.Unknown()), `{"a/b":${big}}`, `/a~1b ${untyped}`],
    ['a list of unknown', Type.Array(Type.Unknown()), `[${big}]`, `/0 ${untyped}`],
    [
      'the other branch of a union',
      Type.Union([
        Type.Object({ type: Type.Literal('a'), id: Type.Unknown() }),
        Type.Object({ type: Type.Literal('b'), id: Type.BigInt() }),
      ]),
      `{"type":"a","id":${big}}`,
      `/id ${untyped}`,
    ],
    ['a smaller literal', Type.Literal(9007199254740992n), big, ' must be 9007199254740992'],
    ['a larger minimum', Type.BigInt({ minimum: 9007199254740994n }), big, ' must be >= 9007199254740994'],
    ['a smaller maximum', Type.BigInt({ exclusiveMaximum: id }), big, ' must be < 9007199254740993'],
    ['another multiple', Type.BigInt({ multipleOf: 2n }), big, ' must be multiple of 2'],
  ])('is refused with its path by a type that does not: %s', (_, type, json, issue) => {
    expect(issues(type, json)).toEqual([issue]);
  });

  test('is refused once for each, up to fifty', () => {
    expect(issues(Type.Unknown(), `[${Array(200).fill(big).join()}]`)).toHaveLength(50);
  });

  test.each<[TargetType, string, unknown, unknown]>([
    [Type.Unknown(), big, id, big],
    [Type.Object({ id: Type.BigInt() }), `{"id":${big},"__proto__":[${big}]}`, [id, [id]], [id, [big]]],
  ])('is what the setting says where it has no type: %#', (type, json, asBigInt, asText) => {
    const values = (value: unknown) => (typeof value === 'object' ? Object.values(value as object) : value);
    expect(values(read(type, json, 'bigint'))).toEqual(asBigInt);
    expect(values(read(type, json, 'text'))).toEqual(asText);
  });

  test('is a number where a number is exactly that', () => {
    for (const type of [Type.Number(), Type.Integer(), Type.Unknown()]) {
      expect(read(type, '9007199254740992')).toBe(2 ** 53);
    }
  });
});

describe('numbers of every length', () => {
  // Any type, and what it may make of a number that was written with these digits.
  const types: readonly [TargetType, (digits: string) => unknown][] = [
    [Type.BigInt(), BigInt],
    [Type.String(), String],
    [Type.Number(), Number],
    [Type.Integer(), Number],
    [Type.Unknown(), Number],
  ];

  test.each([
    'application/json',
    'application/xml',
    'application/x-www-form-urlencoded',
    'application/x-php-serialized',
  ])('in %s arrive as they were sent, or are refused', (contentType) => {
    const body: Readonly<Record<string, (digits: string) => string>> = {
      'application/json': (text) => `{"n":${text}}`,
      'application/xml': (text) => `<m><n>${text}</n></m>`,
      'application/x-www-form-urlencoded': (text) => `n=${text}`,
      'application/x-php-serialized': (text) => `a:1:{s:1:"n";i:${text};}`,
    };
    const fits = (text: string) =>
      contentType !== 'application/x-php-serialized' || BigInt.asIntN(64, BigInt(text)) === BigInt(text);
    fc.assert(
      fc.property(digits.filter(fits), fc.constantFrom(...types), (text, [type, made]) => {
        const value = decode(body[contentType]?.(text) ?? '', contentType) as { n: unknown };
        const isText = typeof value.n === 'string';
        const hints = { contentType, largeIntegers: holdsLargeIntegers(value) };
        const isExact = BigInt(Number(text)) === BigInt(text);
        try {
          const result = new ConversionService()
            .compileTarget(Type.Object({ n: type as never }))
            .convert(value, hints, refuse);
          expect((result as { n: unknown }).n).toEqual(isText && type === types[4]?.[0] ? text : made(text));
          if (typeof (result as { n: unknown }).n === 'number') expect(isExact).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Refused);
          expect(isExact).toBe(false);
          expect((error as Refused).issues).toMatchObject([{ path: '/n' }]);
        }
      }),
    );
  });

  test('become the same in other media types', () => {
    fc.assert(
      fc.property(digits, (text) => {
        const json = `{"n":${text}}`;
        expect(convert(json, 'application/json', 'application/xml')).toBe(`<message><n>${text}</n></message>`);
        expect(convert(json, 'application/json', 'application/x-www-form-urlencoded')).toBe(`n=${text}`);
        expect(convert(text, 'application/json', 'text/plain')).toBe(text);
        expect(convert(json, 'application/json', 'text/json')).toBe(json);
        expect(encode(decode(json, 'application/json'), 'application/json')).toBe(json);
      }),
    );
  });

  test('of PHP become the same in JSON', () => {
    expect(convert('i:9223372036854775807;', 'application/x-php-serialized', 'application/json')).toBe(
      '9223372036854775807',
    );
    expect(convert('a:1:{i:0;i:-9223372036854775808;}', 'application/x-php-serialized', 'application/json')).toBe(
      '[-9223372036854775808]',
    );
  });

  test('in the JSON text of a header are exact, or refused', () => {
    const hints = { jsonText: true };
    expect(convertTo(Type.Object({ id: Type.BigInt() }), `{"id":${big}}`, hints)).toEqual({ id });
    for (const [type, text] of [
      [Type.Object({ id: Type.Integer() }), `{"id":${big}}`],
      [Type.Object({}), `{"id":${big}}`],
      [Type.Object({ id: Type.Number() }), '{"id":-1e400}'],
    ] as const) {
      expect(() => convertTo(type, text, hints)).toThrow(/^\/id is /);
    }
  });

  test.each(['application/xml', 'application/x-www-form-urlencoded', 'text/plain', 'application/json'])(
    'are refused as numbers that may have been rounded: %s',
    (contentType) => {
      const payload = contentType === 'text/plain' ? 2 ** 60 : { n: 2 ** 60 };
      expect(() => encode(payload, contentType)).toThrow(/cannot be written as|can be written as/);
    },
  );
});
