import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { defineTypeConverter } from '../../src/conversion/type-converter.ts';
import { instance } from '../../src/schema/instance.ts';
import type { TargetType } from '../../src/schema/target-type.ts';
import { convertTo, issues } from '../conversion/convert-to.ts';

const Placed = Type.Object({ type: Type.Literal('placed'), amount: Type.Number() });
const Paid = Type.Object({ type: Type.Literal('paid'), at: Type.String({ format: 'date-time' }) });
const Event = Type.Union([Placed, Paid]);

describe('a union of objects with a common literal', () => {
  test('is resolved by it, before and after coercion', () => {
    expect(convertTo(Event, { type: 'placed', amount: '7' })).toEqual({ type: 'placed', amount: 7 });
    const Numbered = Type.Union([
      Type.Object({ v: Type.Literal(1), n: Type.Number() }),
      Type.Object({ v: Type.Literal(2), n: Type.Boolean() }),
    ]);
    expect(convertTo(Numbered, { v: '2', n: 'true' })).toEqual({ v: 2, n: true });
  });

  test('reports the issues of the branch in question alone', () => {
    expect(issues(Event, { type: 'placed' })).toEqual([' must have required properties amount']);
    expect(issues(Event, { type: 'paid', at: 'yesterday' })).toEqual(['/at must match format "date-time"']);
  });

  test.each<[string, unknown, string]>([
    ['is unknown', { type: 'lost', amount: 1 }, "/type must be one of 'placed', 'paid'"],
    ['is of another kind', { type: {} }, "/type must be one of 'placed', 'paid'"],
    ['is missing', { amount: 1 }, "/type is missing; it must be one of 'placed', 'paid'"],
    ['is inherited', Object.create({ type: 'placed' }), "/type is missing; it must be one of 'placed', 'paid'"],
  ])('tells those that are known when the literal %s', (_, value, issue) => {
    expect(issues(Event, value)).toEqual([issue]);
  });

  test('is resolved by it where it can be null, in lists, in other unions, by reference, and by several literals', () => {
    expect(convertTo(Type.Union([Event, Type.Null()]), { type: 'placed', amount: '7' })).toMatchObject({ amount: 7 });
    expect(issues(Type.Array(Event), [{ type: 'x' }])).toEqual(["/0/type must be one of 'placed', 'paid'"]);
    const Referring = Type.Cyclic({ Placed, Paid, Event: Type.Union([Type.Ref('Placed'), Type.Ref('Paid')]) }, 'Event');
    expect(issues(Referring, { type: 'placed' })).toEqual([' must have required properties amount']);
    const Merged = Type.Union([
      Type.Intersect([Type.Object({ id: Type.Number() }), Placed]),
      Type.Object({ type: Type.Enum(['paid', 'refunded']), id: Type.Number() }),
    ]);
    expect(convertTo(Merged, { type: 'refunded', id: '1' })).toEqual({ type: 'refunded', id: 1 });
    expect(issues(Merged, { type: 'x' })).toEqual(["/type must be one of 'placed', 'paid', 'refunded'"]);
  });

  test('is not resolved by one that two branches share, that one does not demand, or beside an object that has none', () => {
    const unresolved: [TargetType, unknown][] = [
      [
        Type.Union([Placed, Type.Object({ type: Type.Literal('placed'), n: Type.Number() })]),
        { type: 'placed', n: '1' },
      ],
      [Type.Union([Placed, Type.Object({ type: Type.Optional(Type.Literal('paid')), n: Type.Number() })]), { n: '1' }],
      [Type.Union([Placed, Type.Object({ n: Type.Number() })]), { type: 'placed', n: '1' }],
    ];
    for (const [type, value] of unresolved) expect(convertTo(type, value)).toMatchObject({ n: 1 });
  });
});

describe('a union without a common literal', () => {
  test('tries each branch as it is, then each coerced', () => {
    const type = Type.Union([Type.Number(), Type.Boolean(), Type.Array(Type.Number())]);
    expect(convertTo(type, true)).toBe(true);
    expect(convertTo(type, '7')).toBe(7);
    expect(convertTo(type, 'true')).toBe(true);
    expect(convertTo(type, ['7'])).toEqual([7]);
    expect(convertTo(Type.Union([Type.Integer(), Type.String()]), 1.5)).toBe('1.5');
  });

  test('reports the issues of the only branch that can take such a value', () => {
    const type = Type.Union([Type.Object({ a: Type.Number() }), Type.String(), Type.Null()]);
    expect(issues(type, { a: 'x' })).toEqual(['/a must be number']);
    expect(issues(type, [])).toEqual([' must be object { a } or string or null']);
  });

  test('reports what it takes, and what is wrong within', () => {
    const type = Type.Union([Type.Object({ a: Type.Number() }), Type.Object({ b: Type.Number() })]);
    expect(issues(type, { a: 'x', b: 'y' })).toEqual([
      ' must be object { a } or object { b }',
      '/a must be number',
      '/b must be number',
    ]);
    expect(issues(Type.Union([Type.Literal('a'), Type.Literal('b')]), 'c')).toEqual([" must be 'a' or 'b'"]);
  });
});

class PlaceOrder {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}
class CancelOrder extends PlaceOrder {}

describe('a union whose message names its type', () => {
  const Wide = Type.Object({ id: Type.Union([Type.String(), Type.Number()]) });
  const Narrow = Type.Object({ id: Type.Integer() });
  const from = Type.Object({ id: Type.String() });
  const converters = [
    defineTypeConverter({ from, to: PlaceOrder, convert: ({ id }) => new PlaceOrder(id) }),
    defineTypeConverter({ from, to: CancelOrder, convert: ({ id }) => new CancelOrder(id) }),
  ];
  const types = { 'App\\Wide': Wide, 'App\\Narrow': Narrow, 'App\\Cancel': CancelOrder, 'App\\Other': Type.String() };
  const Schemas = Type.Union([Wide, Narrow]);
  const Classes = Type.Union([instance(PlaceOrder), instance(CancelOrder), Type.Null()], { description: 'Orders.' });

  test('is that branch, and no other', () => {
    expect(convertTo(Schemas, { id: '7' }, { types, typeId: 'App\\Narrow' })).toEqual({ id: 7 });
    expect(convertTo(Schemas, { id: '7' }, { types, typeId: 'App\\Wide' })).toEqual({ id: '7' });
    expect(issues(Schemas, { id: 'x' }, { types, typeId: 'App\\Narrow' })).toEqual(['/id must be integer']);
    const made = convertTo(Classes, { id: '7' }, { types, converters, typeId: 'App\\Cancel' });
    expect(made).toBeInstanceOf(CancelOrder);
    expect(convertTo(Classes, null, { types, converters, typeId: 'App\\Cancel' })).toBeNull();
  });

  test.each([
    undefined,
    null,
    7,
    'array',
    'array<string,mixed>',
    'App\\Unknown',
    'App\\Other',
    '__proto__',
    'constructor',
  ])('is resolved as if %s were not there', (typeId) => {
    expect(convertTo(Schemas, { id: '7' }, { types, typeId })).toEqual({ id: '7' });
  });

  test('by its common literal first', () => {
    const given = { types: { 'App\\Paid': Paid }, typeId: 'App\\Paid' };
    expect(convertTo(Event, { type: 'placed', amount: 7 }, given)).toEqual({ type: 'placed', amount: 7 });
  });

  test('does not matter to a type that is no union', () => {
    expect(convertTo(Wide, { id: '7' }, { types, typeId: 'App\\Narrow' })).toEqual({ id: '7' });
  });
});
