import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { valueMediaType } from '../../src/conversion/media-type.ts';
import { defineTypeConverter, isTypeConverter, type TypeConverter } from '../../src/conversion/type-converter.ts';
import { LittoralError } from '../../src/errors.ts';
import { instance } from '../../src/schema/instance.ts';
import type { TargetType, ValueOf } from '../../src/schema/target-type.ts';
import { caught, everythingIn } from '../caught.ts';
import { mediaType } from './convert.ts';
import { convertTo, issues, refusal, refuse } from './convert-to.ts';

class ExecutorId {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

class AdminId extends ExecutorId {}

class Coordinates {
  readonly latitude: number;
  readonly longitude: number;
  constructor(latitude: number, longitude: number) {
    this.latitude = latitude;
    this.longitude = longitude;
  }
}

class Money {
  readonly #cents: number;
  private constructor(cents: number) {
    this.#cents = cents;
  }
  static ofCents(cents: number): Money {
    return new Money(cents);
  }
  get cents(): number {
    return this.#cents;
  }
}

const Digits = Type.String({ pattern: '^[0-9]+$' });
const Words = Type.Array(Type.String({ minLength: 1 }));
const Point = Type.Object({ x: Type.Number(), y: Type.Number() });

const toExecutorId = defineTypeConverter({ from: Digits, to: ExecutorId, convert: (text) => new ExecutorId(text) });
const fromExecutorId = defineTypeConverter({ from: ExecutorId, to: Type.String(), convert: ({ value }) => value });
const toCoordinates = defineTypeConverter({
  from: Type.Tuple([Type.Number(), Type.Number()]),
  to: Coordinates,
  convert: ([latitude, longitude]) => new Coordinates(latitude, longitude),
});
const toMoney = defineTypeConverter({ from: Type.Integer(), to: instance(Money), convert: Money.ofCents });
const fromMoney = defineTypeConverter({
  from: instance(Money),
  to: Type.Object({ cents: Type.Integer() }),
  convert: ({ cents }) => ({ cents }),
});
const listToPoint = defineTypeConverter({
  from: Type.Array(Type.Number(), { minItems: 2 }),
  to: Point,
  convert: ([x = 0, y = 0]) => ({ x, y }),
});

const converters = [toExecutorId, fromExecutorId, toCoordinates, toMoney, fromMoney, listToPoint];
const id = new ExecutorId('7');

/** A converter to `ExecutorId` that does as told. */
function making(convert: (text: string) => unknown): { converters: readonly TypeConverter[] } {
  return { converters: [{ from: Type.String(), to: ExecutorId, convert }] };
}

function json(value: unknown, ...converters: TypeConverter[]): string {
  const service = new ConversionService(converters);
  return String(service.convert(value, valueMediaType, mediaType('application/json')));
}

describe('a type converter makes instances of its class', () => {
  const nullable = Type.Union([instance(ExecutorId), Type.Null()]);

  test.each<[string, TargetType, unknown, unknown]>([
    ['where the class is wanted', ExecutorId, '7', id],
    ['where its schema is', instance(ExecutorId), '7', id],
    ['of what is coerced first', ExecutorId, 7, id],
    ['where it can be null', nullable, '7', id],
    ['not of null', nullable, null, null],
    ['where it is optional', Type.Object({ id: Type.Optional(instance(ExecutorId)) }), { id: '7' }, { id }],
    ['not of what is absent', Type.Object({ id: Type.Optional(instance(ExecutorId)) }), {}, {}],
    ['in a list', Type.Array(instance(ExecutorId)), ['7', 7], [id, id]],
    ['in a record', Type.Record(Type.String(), instance(ExecutorId)), { a: '7' }, { a: id }],
    ['in a union', Type.Union([Type.Boolean(), instance(ExecutorId)]), '7', id],
    [
      'deep within',
      Type.Object({ a: Type.Array(Type.Object({ id: nullable })) }),
      { a: [{ id: '7' }] },
      { a: [{ id }] },
    ],
    ['of a list', Coordinates, ['1', 2], new Coordinates(1, 2)],
    ['of lists in a list', Type.Array(instance(Coordinates)), [[1, 2]], [new Coordinates(1, 2)]],
  ])('%s', (_, type, value, expected) => {
    const before = structuredClone(value);
    expect(convertTo(type, value, { converters })).toStrictEqual(expected);
    expect(value).toStrictEqual(before);
  });

  test('whose constructor is private', () => {
    const [money] = convertTo(Type.Array(instance(Money)), [250], { converters });
    expectTypeOf(money).toEqualTypeOf<Money | undefined>();
    expect(money?.cents).toBe(250);
  });

  test('leaves an existing instance unchanged', () => {
    const value = { id, admin: new AdminId('8') };
    const type = Type.Object({ id: instance(ExecutorId), admin: instance(ExecutorId) });
    expect(convertTo(type, value, { converters })).toBe(value);
    expect(convertTo(Type.Array(instance(ExecutorId)), [id, '8'], { converters })[0]).toBe(id);
  });

  test('by the first converter that takes the value as it is, or else the first that takes it coerced', () => {
    const made = (from: TargetType, by: string) => ({ from, to: ExecutorId, convert: () => new ExecutorId(by) });
    const several = {
      converters: [made(Type.Number(), 'number'), made(Type.String(), 'text'), made(Type.String(), 'never')],
    };
    expect(convertTo(ExecutorId, '7', several).value).toBe('text');
    expect(convertTo(ExecutorId, 7, several).value).toBe('number');
    expect(
      convertTo(ExecutorId, true, { converters: [...several.converters, made(Type.Boolean(), 'flag')] }).value,
    ).toBe('flag');
    expect(issues(ExecutorId, [], several)).toEqual([
      ' must be ExecutorId, or a value that is converted to it: number or string',
    ]);
  });

  test('of an object that holds another of the same', () => {
    class Folder {
      readonly parent: Folder | null;
      constructor(parent: Folder | null) {
        this.parent = parent;
      }
    }
    const toFolder = defineTypeConverter({
      from: Type.Object({ parent: Type.Union([instance(Folder), Type.Null()]) }),
      to: Folder,
      convert: ({ parent }) => new Folder(parent),
    });
    const folder = convertTo(Folder, { parent: { parent: null } }, { converters: [toFolder] });
    expect(folder).toStrictEqual(new Folder(new Folder(null)));
  });

  test('of a class that inherits only where that class is asked for', () => {
    expect(() => convertTo(AdminId, '7', { converters })).toThrow('no type converter makes');
    const toAdmin = defineTypeConverter({ from: Digits, to: AdminId, convert: (text) => new AdminId(text) });
    expect(convertTo(AdminId, '7', { converters: [...converters, toAdmin] })).toBeInstanceOf(AdminId);
    expect(convertTo(ExecutorId, '7', { converters: [...converters, toAdmin] })).not.toBeInstanceOf(AdminId);
  });
});

describe('a type converter to a schema', () => {
  test('works where that very schema is wanted, also optional and in others', () => {
    expect(convertTo(Point, [1, 2], { converters })).toEqual({ x: 1, y: 2 });
    const Line = Type.Object({ from: Point, to: Type.Optional(Point) });
    expect(convertTo(Line, { from: ['1', 2], to: [3, 4] }, { converters })).toEqual({
      from: { x: 1, y: 2 },
      to: { x: 3, y: 4 },
    });
  });

  test('leaves what fits, and what can be coerced', () => {
    const value = { x: 1, y: 2 };
    expect(convertTo(Point, value, { converters })).toBe(value);
    expect(convertTo(Point, { x: '1', y: 2 }, { converters })).toEqual(value);
    expect(issues(Point, { x: 1 }, { converters })).toEqual([' must have required properties y']);
  });

  test('does not work for another that says the same', () => {
    const Other = Type.Object({ x: Type.Number(), y: Type.Number() });
    expect(issues(Other, [1, 2], { converters })).toEqual([' must be object']);
    const upper = defineTypeConverter({ from: Type.Boolean(), to: Type.String(), convert: String });
    expect(issues(Type.String(), true, { converters: [upper] })).toEqual([' must be string']);
  });
});

describe('a value that cannot be converted', () => {
  test('is reported by what is wrong with it for the only converter', () => {
    expect(issues(Type.Object({ id: instance(ExecutorId) }), { id: 'x' }, { converters })).toEqual([
      '/id must match pattern "^[0-9]+$", to become ExecutorId',
    ]);
    expect(issues(Type.Array(instance(Coordinates)), [[1, 'x']], { converters })).toEqual(['/0/1 must be number']);
  });

  test('is reported when the converter throws, with that error as the cause and not in the text', () => {
    const thrown = new Error('hunter2');
    const given = making(() => {
      throw thrown;
    });
    const error = refusal(Type.Object({ id: instance(ExecutorId) }), { id: 'x' }, given);
    expect(error.issues).toEqual([
      { path: '/id', message: 'could not be converted: the type converter from string to ExecutorId threw' },
    ]);
    expect(error.cause).toBe(thrown);
  });

  test('is reported by the LittoralError that the converter throws', async () => {
    const thrown = new LittoralError('destination-not-found', 'No such executor.');
    const given = making(() => {
      throw thrown;
    });
    expect(await caught(() => convertTo(Type.Array(instance(ExecutorId)), ['7'], given))).toBe(thrown);
    const either = Type.Union([instance(ExecutorId), Type.Array(Type.Number())]);
    expect(await caught(() => convertTo(either, '7', given))).toBe(thrown);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'x'],
    ['an instance of another class', new Coordinates(1, 2)],
  ])('is told when the converter makes %s', (_, made) => {
    expect(
      issues(
        ExecutorId,
        '7',
        making(() => made),
      ),
    ).toEqual([' could not be converted: the type converter from string to ExecutorId returned something else']);
  });

  test.each<[string, () => unknown]>([
    ['gives a promise', async () => id],
    ['gives a promise that is rejected', () => Promise.reject(new Error('hunter2'))],
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    ['gives what can be awaited', () => ({ then: () => {} })],
  ])('is told when the converter %s, for conversion is synchronous', async (_, convert) => {
    const error = await caught(() => convertTo(ExecutorId, '7', making(convert)));
    expect(error).toMatchObject({ code: 'not-convertible', message: expect.stringContaining('is synchronous') });
    expect(everythingIn(error)).not.toContain('hunter2');
  });
});

describe('an instance is sent as what the converter from its class makes', () => {
  test('wherever it is in the value, which stays as it is', () => {
    class PlaceOrder {
      readonly by = id;
      readonly ids = [id];
    }
    const value = { a: [id, { id }], order: new PlaceOrder(), rest: 'x' };
    expect(json(value, ...converters)).toBe('{"a":["7",{"id":"7"}],"order":{"by":"7","ids":["7"]},"rest":"x"}');
    expect(json(id, ...converters)).toBe('"7"');
    expect(value).toStrictEqual({ a: [id, { id }], order: new PlaceOrder(), rest: 'x' });
  });

  test('by the converter of the nearest class that it inherits from', () => {
    const fromAdmin = defineTypeConverter({ from: AdminId, to: Type.Object({}), convert: () => ({ admin: true }) });
    class ChiefId extends AdminId {}
    expect(json([new AdminId('1'), new ChiefId('2')], ...converters)).toBe('["1","2"]');
    expect(json([new AdminId('1'), new ChiefId('2'), id], ...converters, fromAdmin)).toBe(
      '[{"admin":true},{"admin":true},"7"]',
    );
  });

  test('converts the instances within it as well', () => {
    class Invoice {
      readonly total = Money.ofCents(5);
    }
    const fromInvoice = defineTypeConverter({
      from: Invoice,
      to: Type.Object({}),
      convert: ({ total }) => ({ total }),
    });
    expect(json(new Invoice(), ...converters, fromInvoice)).toBe('{"total":{"cents":5}}');
  });

  test('keeps fields that every object has', () => {
    const value = JSON.parse('{"__proto__":{"a":1}}');
    expect(json(Object.assign(value, { id }), ...converters)).toBe('{"__proto__":{"a":1},"id":"7"}');
  });

  test.each<[string, (value: ExecutorId) => unknown, string]>([
    ['throws', () => JSON.parse('hunter2'), 'threw'],
    ['makes something else', () => 7, 'returned something that is not string'],
    ['gives a promise', async () => '7', 'returned a promise'],
  ])('rejects a converter that %s', async (_, convert, why) => {
    const error = await caught(() => json([id], { from: ExecutorId, to: Type.String(), convert }));
    expect(error).toMatchObject({ code: 'not-convertible', message: expect.stringContaining(why) });
    expect(error.message).not.toContain('hunter2');
  });

  test('stops at an endless chain of converters', async () => {
    const again = { from: ExecutorId, to: Type.Unknown(), convert: () => [id] };
    expect(await caught(() => json(id, again))).toMatchObject({ code: 'not-convertible' });
  });

  test('arrives in that form where no instance is wanted', () => {
    expect(convertTo(Type.String(), id, { converters })).toBe('7');
    expect(convertTo(Type.Object({ ids: Type.Array(Type.Integer()) }), { ids: [id] }, { converters })).toEqual({
      ids: [7],
    });
    expect(convertTo(Type.Union([Type.Number(), Type.Null()]), id, { converters })).toBe(7);
  });
});

describe('a date', () => {
  test.each([
    ['2026-03-01T09:30:00Z', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01T09:30:00+01:00', '2026-03-01T08:30:00.000Z'],
    ['2026-03-01T09:30:00.1Z', '2026-03-01T09:30:00.100Z'],
    ['2026-03-01T09:30:00.123000Z', '2026-03-01T09:30:00.123Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2026-03-01T09:30:00+00:00', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01T09:30:00-0330', '2026-03-01T13:00:00.000Z'],
    ['2026-03-01T09:30:00+0000', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01t09:30:00z', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01T09:30:00.123456+00:00', '2026-03-01T09:30:00.123Z'],
    ['2026-03-01T23:59:59.999999999Z', '2026-03-01T23:59:59.999Z'],
    ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59+00:00', '9999-12-31T23:59:59.000Z'],
  ])('is made of %s', (text, expected) => {
    expect(convertTo(Date, text).toISOString()).toBe(expected);
  });

  test.each([
    '2025-02-30T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-03-01T25:00:00Z',
    '2026-03-01T09:30:00',
    '2026-02-30',
    '1900-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-3-1',
    '2026-03-01Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T09:60:00Z',
    '2026-03-01T09:30Z',
    '2026-03-01T09:30:00.Z',
    '2026-03-01T09:30:00+24:00',
    '2026-03-01T09:30:00+01',
    '"2026-03-01T09:30:00Z"',
    ' 2026-03-01',
    '2016-12-31T23:59:60Z',
    '2026-03-01T09:30:00Z[Europe/Warsaw]',
    'March 1, 2026',
    '1772357400',
    '',
  ])('is not made of %s', (text) => {
    expect(refusal(Date, text).issues[0]?.message).toMatch(/^must .+, to become Date$/);
  });

  test('is sent as the text that it is made of', () => {
    const date = new Date('2026-03-01T09:30:00Z');
    expect(json({ date })).toBe('{"date":"2026-03-01T09:30:00+00:00"}');
    expect(convertTo(Date, JSON.parse(json(date)))).toEqual(date);
  });

  test.each([
    ['cut', '2026-03-01T09:30:00.120Z', '2026-03-01T09:30:00+00:00'],
    ['keep', '2026-03-01T09:30:00.120Z', '2026-03-01T09:30:00.120+00:00'],
    ['keep', '2026-03-01T09:30:00.000Z', '2026-03-01T09:30:00+00:00'],
    ['cut', '1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59+00:00'],
  ] as const)('whose fraction is to be %s is written wherever it stands: %s', (dateFractions, moment, text) => {
    const service = new ConversionService([], {}, { dateFractions });
    const date = new Date(moment);
    class Order {
      readonly at = date;
    }
    const value = { date, order: new Order(), all: [{ date }], own: { toJSON: () => ({ date }) } };
    const written = (target: string, from: unknown) => String(service.convert(from, valueMediaType, mediaType(target)));
    expect(JSON.parse(written('application/json', value))).toEqual({
      date: text,
      order: { at: text },
      all: [{ date: text }],
      own: { date: text },
    });
    expect(written('application/xml', { date })).toBe(`<message><date>${text}</date></message>`);
    expect(new URLSearchParams(written('application/x-www-form-urlencoded', { date })).get('date')).toBe(text);
    expect(written('text/plain', date)).toBe(text);
    expect(service.headerValue({ date })).toEqual({ date: text });
    expect(service.headerValue(date)).toBe(`"${text}"`);
  });

  test('survives being written and read, in each form and at each offset', () => {
    const service = new ConversionService([], {}, { dateFractions: 'keep' });
    const type = service.compileTarget(Date);
    const moment = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    const digits = fc.string({ unit: fc.constantFrom('0', '5', '9'), maxLength: 6 });
    fc.assert(
      fc.property(moment, digits, fc.integer({ min: -1439, max: 1439 }), (date, more, minutes) => {
        const header = service.headerValue(date);
        expect(type.convert(header, { jsonText: true }, refuse)).toEqual(date);
        expect(type.convert(JSON.parse(header as string), {}, refuse)).toEqual(date);
        const there = new Date(date.getTime() + minutes * 60_000);
        if (there.getUTCFullYear() < 1 || there.getUTCFullYear() > 9999) return;
        const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((part) =>
          String(part).padStart(2, '0'),
        );
        for (const colon of ['', ':']) {
          const text = there.toISOString().replace('Z', `${more}${minutes < 0 ? '-' : '+'}${hours}${colon}${rest}`);
          expect(type.convert(text, {}, refuse)).toEqual(date);
        }
      }),
    );
  });

  test.each<[string, TargetType, unknown]>([
    ['a date', Date, new Date('2026-01-01T00:00:00Z')],
    ['a date or null', Type.Union([instance(Date), Type.Null()]), new Date('2026-01-01T00:00:00Z')],
    ['an optional date', Type.Optional(instance(Date)), new Date('2026-01-01T00:00:00Z')],
    ['a text of that format', Type.String({ format: 'date-time' }), '2026-01-01T00:00:00+00:00'],
    ['any text', Type.String(), '"2026-01-01T00:00:00+00:00"'],
    ['anything', Type.Unknown(), '"2026-01-01T00:00:00+00:00"'],
  ])('in a header with the quotes of JSON is read as %s', (_, type, expected) => {
    expect(convertTo(type, '"2026-01-01T00:00:00+00:00"', { jsonText: true })).toEqual(expected);
  });

  test('in a header is read without quotes as well, and in a list', () => {
    const date = new Date('2026-01-01T00:00:00Z');
    expect(convertTo(Date, '2026-01-01T00:00:00+00:00', { jsonText: true })).toEqual(date);
    expect(convertTo(Type.Array(instance(Date)), '["2026-01-01","2026-01-01T00:00:00Z"]', { jsonText: true })).toEqual([
      date,
      date,
    ]);
  });

  test('is not sent if it is invalid, or beyond what a date-time can express', async () => {
    for (const date of [new Date(Number.NaN), new Date(8.64e15)]) {
      expect(await caught(() => json({ date }))).toMatchObject({ code: 'not-convertible' });
    }
  });

  test('is made otherwise by a converter of the user', () => {
    const seconds = defineTypeConverter({ from: Type.Integer(), to: Date, convert: (time) => new Date(time * 1000) });
    expect(convertTo(Date, 1, { converters: [seconds] })).toEqual(new Date(1000));
    expect(convertTo(Date, '1970-01-01T00:00:01Z', { converters: [seconds] })).toEqual(new Date(1000));
  });
});

describe('the types of a type converter', () => {
  test('follow from its two ends', () => {
    defineTypeConverter({
      from: Type.Object({ a: Type.Number() }),
      to: instance(Date),
      convert: (value) => {
        expectTypeOf(value).toEqualTypeOf<{ a: number }>();
        return new Date(value.a);
      },
    });
    // @ts-expect-error makes a text
    defineTypeConverter({ from: Type.Number(), to: ExecutorId, convert: (value) => String(value) });
    // @ts-expect-error takes a number
    defineTypeConverter({ from: Type.Number(), to: Type.String(), convert: (value: string) => value });
    expectTypeOf<ValueOf<typeof ExecutorId>>().toEqualTypeOf<ExecutorId>();
    expectTypeOf<ValueOf<DateConstructor>>().toEqualTypeOf<Date>();
    const Nullable = Type.Union([instance(ExecutorId), Type.Null()]);
    expectTypeOf<ValueOf<typeof Nullable>>().toEqualTypeOf<ExecutorId | null>();
    const Ids = Type.Object({ ids: Type.Array(instance(ExecutorId)), at: Type.Optional(instance(Date)) });
    expectTypeOf<ValueOf<typeof Ids>>().toEqualTypeOf<{ ids: ExecutorId[]; at?: Date }>();
    // @ts-expect-error neither a schema nor a class
    expectTypeOf<ValueOf<'text'>>().toBeNever();
  });

  test.each([undefined, null, 7, 'text', {}, () => 1])('an instance of %s is an error', (type) => {
    expect(() => instance(type as never)).toThrow(/^instance\(…\) takes a class and was given /);
  });

  test('are known by its shape', () => {
    expect(isTypeConverter(toExecutorId)).toBe(true);
    for (const value of [undefined, null, 7, {}, { ...toExecutorId, from: 7 }, { ...toExecutorId, convert: 'x' }]) {
      expect(isTypeConverter(value)).toBe(false);
    }
  });
});

describe('a class and what it is written as, made of each other', () => {
  const Written = Type.Object({ id: instance(ExecutorId), count: Type.Integer() });
  class Order {
    readonly id: ExecutorId;
    readonly count: number;
    constructor(id: ExecutorId, count: number) {
      this.id = id;
      this.count = count;
    }
  }
  const converters = [
    toExecutorId,
    fromExecutorId,
    defineTypeConverter({ from: Written, to: Order, convert: ({ id, count }) => new Order(id, count) }),
    defineTypeConverter({ from: Order, to: Written, convert: ({ id, count }) => ({ id, count }) }),
  ];
  const order = new Order(new ExecutorId('7'), 3);

  test('are read and written', () => {
    expect(convertTo(Order, { id: '7', count: '3' }, { converters })).toEqual(order);
    expect(convertTo(Order, order, { converters })).toBe(order);
    expect(convertTo(Type.Array(instance(Order)), [{ id: '7', count: 3 }, order], { converters })).toEqual([
      order,
      order,
    ]);
    expect(convertTo(Written, order, { converters })).toEqual({ id: new ExecutorId('7'), count: 3 });
    const json = new ConversionService(converters).convert(order, valueMediaType, mediaType('application/json'));
    expect(JSON.parse(String(json))).toEqual({ id: '7', count: 3 });
  });

  test('are refused with what is wrong with them', () => {
    expect(issues(Order, { id: 'x', count: 'many' }, { converters })).toEqual([
      expect.stringMatching(/^\/id must/),
      '/count must be integer',
    ]);
    expect(issues(Written, { id: '7' }, { converters })).toHaveLength(1);
  });

  test('also where both are schemas', () => {
    const A = Type.Object({ a: Type.Integer() });
    const B = Type.Object({ b: Type.Integer() });
    const circle = [
      defineTypeConverter({ from: A, to: B, convert: ({ a }) => ({ b: a }) }),
      defineTypeConverter({ from: B, to: A, convert: ({ b }) => ({ a: b }) }),
    ];
    expect(convertTo(A, { b: '1' }, { converters: circle })).toEqual({ a: 1 });
    expect(convertTo(B, { a: '1' }, { converters: circle })).toEqual({ b: 1 });
    expect(issues(A, { c: 1 }, { converters: circle }).length).toBeGreaterThan(0);
  });
});

test('a list that can be made of something else is a list', () => {
  const { isArray } = new ConversionService([listToPoint]).compileTarget(Type.Array(Type.String()));
  expect(isArray).toBe(true);
  const toList = defineTypeConverter({ from: Type.String(), to: Words, convert: (text) => text.split(' ') });
  expect(new ConversionService([toList]).compileTarget(Words).isArray).toBe(true);
});
