import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { defineTypeConverter } from '../../src/conversion/type-converter.ts';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import { header } from '../../src/parameter/header.ts';
import { payload } from '../../src/parameter/payload.ts';
import { instance } from '../../src/schema/instance.ts';
import type { TargetType } from '../../src/schema/target-type.ts';
import { caught } from '../caught.ts';
import { convertTo, issues } from '../conversion/convert-to.ts';
import { resolve } from '../parameter/resolve.ts';
import { captured, captureNames } from '../wire/captured-message.ts';

const fromPhp = { contentType: 'application/json', fromPhp: true };

class Settings {
  readonly size: number;
  constructor(size: number) {
    this.size = size;
  }
}

const converters = [
  defineTypeConverter({
    from: Type.Record(Type.String(), Type.Integer()),
    to: Settings,
    convert: (map) => new Settings(Object.keys(map).length),
  }),
];

const Counts = Type.Record(Type.String(), Type.Integer());
const Optional = Type.Object({ a: Type.Optional(Type.String()) });
const ByKind = Type.Union([
  Type.Object({ kind: Type.Literal('a'), a: Counts }),
  Type.Object({ kind: Type.Literal('b') }),
  Type.Array(Type.Integer()),
]);

describe('an array of PHP in JSON', () => {
  test.each<[string, TargetType, unknown, unknown]>([
    ['an empty one as a map', Counts, [], {}],
    ['an empty one as an object', Optional, [], {}],
    ['an empty one as an object of no fields', Type.Object({}), [], {}],
    ['an empty one as an intersection', Type.Intersect([Optional, Type.Object({})]), [], {}],
    ['an empty one as what a class is made of', Settings, [], new Settings(0)],
    ['an empty one as a nullable map', Type.Union([Counts, Type.Null()]), [], {}],
    ['an empty one as one of several objects', Type.Union([Type.String(), Optional, Counts]), [], {}],
    ['an empty one as a list', Type.Array(Counts), [], []],
    ['an empty one as a list or a map', Type.Union([Counts, Type.Array(Type.Integer())]), [], []],
    ['an empty one as it is, where anything is wanted', Type.Unknown(), [], []],
    [
      'empty ones within',
      Type.Object({ a: Type.Array(Counts), b: Optional }),
      { a: [[], { x: 1 }], b: [] },
      { a: [{}, { x: 1 }], b: {} },
    ],
    [
      'empty ones within a map',
      Type.Record(Type.String(), instance(Settings)),
      { x: [], y: { z: 1 } },
      { x: new Settings(0), y: new Settings(1) },
    ],
    ['an empty one within a union', ByKind, { kind: 'a', a: [] }, { kind: 'a', a: {} }],
    ['one with gaps as a list', Type.Array(Type.Integer()), { 0: 7, 2: '9' }, [7, 9]],
    ['one with gaps as a list, beyond nine', Type.Array(Type.Integer()), { 10: 3, 9: 2, 2: 1 }, [1, 2, 3]],
    ['one with gaps as a list of maps', Type.Array(Counts), { 1: [], 4: { x: 1 } }, [{}, { x: 1 }]],
    ['one with gaps as a nullable list', Type.Union([Type.Array(Type.Integer()), Type.Null()]), { 3: 1 }, [1]],
    ['one with gaps as a list among objects', ByKind, { 3: 1 }, [1]],
    ['one with gaps as a map', Counts, { 0: 7, 2: 9 }, { 0: 7, 2: 9 }],
    ['one with gaps as a tuple', Type.Tuple([Type.Integer(), Type.String()]), { 1: 7, 3: 'x' }, [7, 'x']],
    [
      'one with gaps within',
      Type.Object({ a: Type.Array(Type.Array(Type.Integer())) }),
      { a: [{ 5: 1 }, []] },
      { a: [[1], []] },
    ],
  ])('is read as what is wanted: %s', (_, type, value, expected) => {
    expect(convertTo(type, value, { ...fromPhp, converters })).toEqual(expected);
  });

  test.each<[string, TargetType, unknown, string[]]>([
    ['a list of something as an object', Optional, [1], [' must be object']],
    [
      'an empty one as an object that must have fields',
      Type.Object({ a: Type.String() }),
      [],
      [' must have required properties a'],
    ],
    ['an empty one as a text', Type.String(), [], [' must be string']],
    ['an object as a list', Type.Array(Type.Integer()), { a: 1 }, [' must be array']],
    ['an object of numbers and names as a list', Type.Array(Type.Integer()), { 0: 1, a: 2 }, [' must be array']],
    ['an object of no fields as a list', Type.Array(Type.Integer()), {}, [' must be array']],
    ['negative keys as a list', Type.Array(Type.Integer()), { '-1': 1 }, [' must be array']],
    ['keys with leading zeros as a list', Type.Array(Type.Integer()), { '01': 1 }, [' must be array']],
    ['one with gaps whose item does not fit', Type.Array(Type.Integer()), { 1: 1, 4: 'x' }, ['/1 must be integer']],
  ])('is refused: %s', (_, type, value, expected) => {
    expect(issues(type, value, fromPhp)).toEqual(expected);
  });

  test.each(['application/json', 'application/xml', undefined])('is one of PHP alone: of %s', (contentType) => {
    expect(issues(Counts, [], { contentType })).toEqual([' must be object']);
    expect(issues(Type.Object({ a: Counts }), { a: [] }, { contentType })).toEqual(['/a must be object']);
  });

  test('as PHP serialises it has gaps as well', () => {
    const php = { contentType: 'application/x-php-serialized' };
    expect(convertTo(Type.Array(Type.Integer()), { 0: 7, 2: 9 }, php)).toEqual([7, 9]);
  });

  test('of any items is read as the list, and as the map, that it was', () => {
    const item = fc.oneof(fc.integer(), fc.constant([]));
    const Items = Type.Union([Type.Integer(), Counts]);
    const places = fc.dictionary(fc.nat({ max: 40 }).map(String), item, { noNullPrototype: true });
    fc.assert(
      fc.property(places, (sparse) => {
        const items = Object.values(sparse).map((value) => (Array.isArray(value) ? {} : value));
        const map = Object.fromEntries(Object.keys(sparse).map((key, index) => [key, items[index]]));
        // `json_encode` writes a list where the keys are those of one.
        const isList = Object.keys(sparse).every((key, index) => key === String(index));
        const written = isList ? Object.values(sparse) : sparse;
        expect(convertTo(Type.Array(Items), written, fromPhp)).toEqual(items);
        if (!isList || items.length === 0)
          expect(convertTo(Type.Record(Type.String(), Items), written, fromPhp)).toEqual(map);
      }),
    );
  });
});

describe('a message of Ecotone', () => {
  test.each(captureNames)('is known by what only Ecotone writes: %s', (name) => {
    const { headers } = captured(name);
    const own = Object.fromEntries(Object.entries(headers).map(([key, { value }]) => [key, value]));
    const json = { ...own, contentType: 'application/json' };
    expect(resolve(payload(Counts), json, Buffer.from('[]'))).toEqual({});
    expect(resolve(header('tags', Counts), { ...json, tags: '[]' })).toEqual({});
  });

  test('has its empty array read as an object, in the payload and in a header', () => {
    const { headers, body } = captured('convertAndSendCommand.empty-array');
    const own = Object.fromEntries(Object.entries(headers).map(([key, { value }]) => [key, value]));
    expect(resolve(payload(Counts), own, Buffer.from(body))).toEqual({});
    const nested = captured('sendCommand.metadata-nested').headers;
    const metadata = Object.fromEntries(Object.entries(nested).map(([key, { value }]) => [key, value]));
    expect(resolve(header('emptyArray', Counts), metadata)).toEqual({});
    expect(resolve(header('emptyArray', Type.Array(Type.String())), metadata)).toEqual([]);
    expect(resolve(header('date', instance(Date)), metadata)).toEqual(new Date('2026-01-02T03:04:05Z'));
  });

  test('has its arrays read so where an expression takes them from its payload', async () => {
    const headers = { contentType: 'application/json', __TypeId__: 'array' };
    const body = Buffer.from('{"counts":[],"items":{"0":1,"2":2}}');
    expect(await resolve(payload(Counts, { expression: 'payload.counts' }), headers, body)).toEqual({});
    const Items = Type.Array(Type.Integer());
    expect(await resolve(payload(Items, { expression: ({ payload }) => payload.items }), headers, body)).toEqual([
      1, 2,
    ]);
    const ofOthers = { contentType: 'application/json' };
    const refused = () => resolve(payload(Counts, { expression: ({ payload }) => payload.counts }), ofOthers, body);
    expect(await caught(refused)).toMatchObject({ code: 'payload-refused' });
  });

  test('has its headers read so by those that inherit them', () => {
    expect(resolve(header('tags', Counts), { parentId: 'a', tags: '{"x":1}' })).toEqual({ x: 1 });
    expect(resolve(header('tags', Counts), { parentId: 'a', tags: '[]' })).toEqual({});
  });

  test.each<[string, MessageHeaders]>([
    ['payload of another sender', { contentType: 'application/json', 'ecotone.distributed.payloadType': 'command' }],
    ['payload of a handler', { contentType: 'application/json', parentId: 'a' }],
    ['header of another sender', {}],
  ])('is not every message: the %s', async (what, headers) => {
    const refused = what.startsWith('payload')
      ? () => resolve(payload(Counts), headers, Buffer.from('[]'))
      : () => resolve(header('tags', Counts), { ...headers, tags: '[]' });
    expect(await caught(refused)).toMatchObject({ code: 'payload-refused' });
  });
});
