import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
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
    service.prepareType(type).convert(value, {}, refuse);
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  return expect.unreachable('it fits');
}

describe('a value with a great many faults', () => {
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
    expect(refusal(type, value).faults).toHaveLength(50);
    expect(looks).toBeLessThan(20_000);
  });

  test('names unknown fields, and missing fields as well', () => {
    const type = Type.Object({ a: Type.String(), z: Type.Optional(Type.String()) }, { additionalProperties: false });
    const unknown = Object.fromEntries(Array.from({ length: many }, (_, index) => [`k${index}`, 7]));
    const paths = refusal(type, { ...unknown, a: 'x' }).faults.map(({ path }) => path);
    expect(paths).toHaveLength(50);
    expect(paths).not.toContain('/a');
    expect(refusal(type, unknown).faults[0]).toMatchObject({ message: expect.stringContaining('a') });
  });

  test('reports the only fault, wherever it is', () => {
    const fields = Array.from({ length: 5000 }, (_, index) => [`a${index}`, 'x']);
    const type = Type.Object({}, { additionalProperties: false, patternProperties: { '^a': Type.String() } });
    const value = Object.fromEntries([...fields, ['b', 'x']]);
    expect(refusal(type, value).faults).toEqual([{ path: '/b', message: 'is not expected' }]);
  });
});

describe('the list in an error', () => {
  const literals = Array.from({ length: 500 }, (_, index) => `literal-${index}`);

  test.each<[string, Schema]>([
    ['an enum', Type.Enum(literals)],
    ['a union of literals', Type.Union(literals.map((literal) => Type.Literal(literal)))],
  ])('has the first twenty of %s, and the number of the others', (_, type) => {
    const [fault] = refusal(type, 'other').faults;
    expect(fault?.message).toMatch(/literal-0.*literal-19\b/);
    expect(fault?.message).not.toContain('literal-20');
    expect(fault?.message).toContain('480 more');
  });
});

describe('a union of literals', () => {
  test('takes the first literal that a value stands for', () => {
    const { convert } = service.prepareType(
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
    expect(refusal(type, value).faults).toEqual([{ path, message }]);
  });

  test('still matches the same texts', () => {
    for (const text of ['a', 'a'.repeat(100_000)]) {
      expect(service.prepareType(Word).convert(text, {}, refuse)).toBe(text);
    }
    expect(refusal(Word, 'ab').faults).toEqual([{ path: '', message }]);
    expect(refusal(Word, 7).faults).toEqual([expect.objectContaining({ path: '' })]);
  });
});
