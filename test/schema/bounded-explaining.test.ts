import Type from 'typebox';
import { describe, expect, test, vi } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { IssueCollector } from '../../src/schema/issue-collector.ts';
import type { Schema } from '../../src/schema/schema-check.ts';
import { Refused, refuse } from '../conversion/convert-to.ts';

const service = new ConversionService();
const many = 100_000;

let looks = 0;

/** A check that accepts a text, and counts its calls. */
const Counted = Type.Refine(Type.Unknown(), (value) => {
  looks++;
  return typeof value === 'string';
});

function refusal(type: Schema, value: unknown): Refused {
  try {
    service.compileTarget(type).convert(value, {}, refuse);
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  return expect.unreachable('it fits');
}

describe('a value with a great many issues', () => {
  test.each<[string, Schema, unknown]>([
    ['items of a union', Type.Array(Type.Union([Counted, Type.Boolean()])), Array(many).fill(7)],
    ['items that are objects', Type.Array(Type.Object({ a: Counted })), Array(many).fill({ a: 7 })],
    [
      'fields of a record',
      Type.Record(Type.String(), Counted),
      Object.fromEntries(Array.from({ length: many }, (_, index) => [`k${index}`, 7])),
    ],
  ])('is checked only up to the first of its %s for an error', (_, type, value) => {
    looks = 0;
    expect(refusal(type, value).issues).toHaveLength(50);
    expect(looks).toBeLessThan(20_000);
  });

  test('names unknown fields, and missing fields as well', () => {
    const type = Type.Object({ a: Type.String(), z: Type.Optional(Type.String()) }, { additionalProperties: false });
    const unknown = Object.fromEntries(Array.from({ length: many }, (_, index) => [`k${index}`, 7]));
    const paths = refusal(type, { ...unknown, a: 'x' }).issues.map(({ path }) => path);
    expect(paths).toHaveLength(50);
    expect(paths).not.toContain('/a');
    expect(refusal(type, unknown).issues[0]).toMatchObject({ message: expect.stringContaining('a') });
  });

  test('explains no item of a long list if all items match', () => {
    const descending = vi.spyOn(IssueCollector.prototype, 'descend');
    try {
      const unique = { uniqueItems: true };
      const numbers = Array.from({ length: many }, () => 1);
      expect(refusal(Type.Array(Type.Integer(), unique), numbers).issues).toEqual([
        { path: '', message: 'must not have duplicate items' },
      ]);
      const lists = numbers.map((number) => [number]);
      expect(refusal(Type.Array(Type.Array(Type.Integer()), unique), lists).issues).toHaveLength(1);
      expect(descending).not.toHaveBeenCalled();
    } finally {
      descending.mockRestore();
    }
  });

  test('reports the only issue, wherever it is', () => {
    const fields = Array.from({ length: 5000 }, (_, index) => [`a${index}`, 'x']);
    const type = Type.Object({}, { additionalProperties: false, patternProperties: { '^a': Type.String() } });
    const value = Object.fromEntries([...fields, ['b', 'x']]);
    expect(refusal(type, value).issues).toEqual([{ path: '/b', message: 'is not expected' }]);
  });
});

describe('the list in an error', () => {
  const literals = Array.from({ length: 500 }, (_, index) => `literal-${index}`);

  test.each<[string, Schema]>([
    ['an enum', Type.Enum(literals)],
    ['a union of literals', Type.Union(literals.map((literal) => Type.Literal(literal)))],
  ])('has the first twenty of %s, and the number of the others', (_, type) => {
    const [issue] = refusal(type, 'other').issues;
    expect(issue?.message).toMatch(/literal-0.*literal-19\b/);
    expect(issue?.message).not.toContain('literal-20');
    expect(issue?.message).toContain('480 more');
  });
});

describe('a union of literals', () => {
  test('takes the first literal that a value stands for', () => {
    const { convert } = service.compileTarget(
      Type.Union([Type.Literal(7), Type.Literal('8'), Type.Literal(true), Type.Literal(8), Type.Literal('true')]),
    );
    for (const [value, literal] of [
      [7, 7],
      ['7', 7],
      [8, 8],
      ['8', '8'],
      ['true', 'true'],
      [true, true],
    ]) {
      expect(convert(value, {}, refuse)).toBe(literal);
    }
    for (const value of ['9', 9, false, null, [], {}]) expect(() => convert(value, {}, refuse)).toThrow(Refused);
  });
});

describe('a pattern that could take very long', () => {
  const hostile = `${'a'.repeat(100)}!`;
  const message = 'must match pattern "^(a+)+$"';
  const Word = Type.String({ pattern: '^(a+)+$' });

  test.each<[string, Schema, unknown, string]>([
    ['by itself', Word, hostile, ''],
    ['in a list', Type.Object({ x: Type.Array(Word) }), { x: ['aa', hostile] }, '/x/1'],
    [
      'in an intersection',
      Type.Intersect([Type.Object({ x: Word }), Type.Object({ y: Word })]),
      { x: 'a', y: hostile },
      '/y',
    ],
    [
      'in a type that refers to itself',
      Type.Cyclic({ A: Type.Object({ n: Type.Optional(Type.Ref('A')), s: Word }) }, 'A'),
      { n: { s: 'aa' }, s: hostile },
      '/s',
    ],
  ])('is not matched, %s', (_, type, value, path) => {
    expect(refusal(type, value).issues).toEqual([{ path, message }]);
  });

  test('still matches the same texts', () => {
    for (const text of ['a', 'a'.repeat(100_000)]) {
      expect(service.compileTarget(Word).convert(text, {}, refuse)).toBe(text);
    }
    expect(refusal(Word, 'ab').issues).toEqual([{ path: '', message }]);
    expect(refusal(Word, 7).issues).toEqual([expect.objectContaining({ path: '' })]);
  });
});

describe('many texts that could take very long', () => {
  const Word = Type.String({ pattern: '^(a+)+$' });
  const hostile = Array.from({ length: 1000 }, (_, index) => `${'a'.repeat(60)}!${index}`);

  test.each<[string, Schema, unknown]>([
    ['items', Type.Array(Word), hostile],
    ['items of a union', Type.Array(Type.Union([Word, Type.Number()])), hostile],
    [
      'keys',
      Type.Record(Type.String({ pattern: '^(a+)+$' }), Type.Number()),
      Object.fromEntries(hostile.map((key) => [key, 1])),
    ],
  ])('are searched only until the time of the value is over, as %s', (_, type, value) => {
    const searches = vi.spyOn(RegExp.prototype, 'test');
    try {
      expect(refusal(type, value).issues.length).toBeGreaterThan(0);
      const long = searches.mock.contexts.filter((regex) => (regex as RegExp).source === '^(a+)+$');
      expect(long.length).toBeGreaterThan(0);
      expect(long.length).toBeLessThan(400);
    } finally {
      searches.mockRestore();
    }
  });

  test('do not keep a fast text from being matched', () => {
    const issues = refusal(Type.Tuple([Word, Word, Word]), [hostile[0], 'aaa', 'aa']).issues;
    expect(issues.map(({ path }) => path)).toEqual(['/0']);
  });
});

describe('a record whose pattern of keys could take very long', () => {
  const Words = Type.Record(Type.String({ pattern: '^(a+)+$' }), Type.Number());
  const Closed = Type.Object(
    { b: Type.Optional(Type.String()) },
    { patternProperties: { '^(a+)+$': Type.Number() }, additionalProperties: false },
  );
  const hostile = `${'a'.repeat(60)}!`;
  const slow = 'has keys that take too long to match the patterns of its type';

  test.each<[string, Schema, unknown, string]>([
    ['by itself', Words, { [hostile]: 1 }, ''],
    ['in a list', Type.Array(Words), [{ a: 1 }, { [hostile]: 1 }], '/1'],
    ['with no other fields', Closed, { b: 'x', [hostile]: 1 }, ''],
  ])('is refused for a hostile key, %s', (_, type, value, path) => {
    expect(refusal(type, value).issues).toEqual([{ path, message: slow }]);
  });

  test('takes and coerces the fields of other keys', () => {
    expect(service.compileTarget(Words).convert({ aa: 1, aaa: '2' }, {}, refuse)).toEqual({ aa: 1, aaa: 2 });
    expect(service.compileTarget(Closed).convert({ aa: 1, b: 2 }, {}, refuse)).toEqual({ aa: 1, b: '2' });
    expect(refusal(Words, { aa: 'x' }).issues).toEqual([{ path: '/aa', message: 'must be number' }]);
    expect(refusal(Closed, { ab: 1 }).issues).toEqual([{ path: '/ab', message: 'is not expected' }]);
  });
});

describe('a list of unique items', () => {
  const Unique = Type.Array(Type.Unknown(), { uniqueItems: true });
  const duplicate = 'must not have duplicate items';

  test.each<[unknown, unknown]>([
    [
      { a: 1, b: [2] },
      { b: [2], a: 1 },
    ],
    [[], []],
    ['x', 'x'],
    [{ a: { b: null } }, { a: { b: null } }],
    [2n ** 70n, 2n ** 70n],
    [Number.NaN, Number.NaN],
    [new Date(7), new Date(7)],
  ])('is refused with %o and %o', (one, other) => {
    expect(refusal(Unique, [one, 'between', other]).issues).toEqual([{ path: '', message: duplicate }]);
  });

  test.each<[unknown, unknown]>([
    [{ a: 1 }, { b: 1 }],
    [1, '1'],
    [1, 1n],
    [null, 'null'],
    [undefined, null],
    [[1, 2], [12]],
    [['a', 'b'], ['a1"b']],
    [{ a: 'b' }, ['a', 'b']],
    [true, 'true'],
    [2n ** 64n, 0n],
    [new Date(7), new Date(8)],
  ])('may have %o and %o', (one, other) => {
    const value = [one, other];
    expect(service.compileTarget(Unique).convert(value, {}, refuse)).toBe(value);
  });

  test('looks at each item once for all lists in one another', () => {
    let reads = 0;
    const leaf = { a: 1 };
    const counted = new Proxy(leaf, {
      get: (target, key) => {
        reads++;
        return Reflect.get(target, key);
      },
    });
    const Nested = Type.Cyclic(
      { List: Type.Array(Type.Union([Type.Ref('List'), Type.Unknown()]), { uniqueItems: true }) },
      'List',
    );
    let value: unknown = [counted];
    for (let level = 0; level < 200; level++) value = [value, level];
    expect(service.compileTarget(Nested).convert(value, {}, refuse)).toBe(value);
    expect(reads).toBeLessThan(200);
  });

  test('is refused at the first duplicate, however many there are', () => {
    const issues = refusal(Type.Array(Type.Number(), { uniqueItems: true }), Array(500_000).fill(1)).issues;
    expect(issues).toEqual([{ path: '', message: duplicate }]);
  });
});

test('a value that nothing can coerce is checked once before it is explained', () => {
  let checks = 0;
  const Refused = Type.Refine(Type.Record(Type.String(), Type.Number()), () => {
    checks += 1;
    return false;
  });
  expect(refusal(Refused, { a: 1 }).issues).toHaveLength(1);
  expect(checks).toBe(2);
});

describe('a type that looks at its keys or items several times', () => {
  const numbers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
  const patterns = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`^x${index}`, Type.Number()]));
  const Patterned = { type: 'object', patternProperties: patterns } as unknown as Schema;
  const NoOthers = { ...Patterned, additionalProperties: false } as unknown as Schema;
  const Noted = { allOf: [Patterned], unevaluatedProperties: Type.Number() } as unknown as Schema;
  const NotedItems = {
    type: 'array',
    prefixItems: [Type.Number()],
    unevaluatedItems: Type.Number(),
  } as unknown as Schema;
  const tooManyKeys =
    'has too many keys for the patterns of its type: more than 100000 in all, a key counted for each pattern';

  test.each<[string, Schema, unknown, string, string]>([
    ['many patterns', Patterned, numbers(5_001), '', tooManyKeys],
    ['many patterns and no other fields', NoOthers, numbers(5_001), '', tooManyKeys],
    [
      'many patterns, in many objects',
      Type.Array(Patterned),
      Array.from({ length: 51 }, () => numbers(100)),
      '/50',
      tooManyKeys,
    ],
    [
      'unevaluatedProperties',
      { ...Noted, allOf: [] } as unknown as Schema,
      numbers(20_001),
      '',
      'has more than 20000 fields, the most for a type with unevaluatedProperties',
    ],
    [
      'unevaluatedItems',
      NotedItems,
      Array.from({ length: 100_001 }, () => 1),
      '',
      'has more than 100000 items, the most for a type with unevaluatedItems',
    ],
  ])('refuses what is too large for it: %s', (_name, type, value, path, message) => {
    expect(refusal(type, value).issues).toEqual([{ path, message }]);
  });

  test('takes what is not, and explains it', () => {
    const convert = (type: Schema, value: unknown) => service.compileTarget(type).convert(value, {}, refuse);
    expect(convert(Patterned, numbers(5_000))).toEqual(numbers(5_000));
    expect(convert(Patterned, { x1: '2' })).toEqual({ x1: 2 });
    expect(convert(Noted, numbers(1_000))).toEqual(numbers(1_000));
    const items = Array.from({ length: 100_000 }, () => 1);
    expect(convert(NotedItems, items)).toBe(items);
    const Strict = { type: 'object', properties: { a: Type.Number() }, unevaluatedProperties: false };
    const rows = (a: unknown, count = 15_000) => Array.from({ length: count }, () => ({ a }));
    const Rows = Type.Array(Strict as unknown as Schema);
    expect(convert(Rows, rows('1'))).toEqual(rows(1));
    expect(refusal(Rows, rows(1, 15_001)).message).toContain(
      'is one of too many objects of a type with unevaluatedProperties: they have more than 30000 fields in all, each object counted as one more',
    );
    expect(convert(Type.Record(Type.String(), Type.Number()), numbers(49_999))).toEqual(numbers(49_999));
    expect(refusal(Patterned, { ...numbers(3_000), x1: 'y' }).issues).toEqual([
      { path: '/x1', message: 'must be number' },
    ]);
  });
});
