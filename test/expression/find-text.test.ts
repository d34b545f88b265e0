import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { positionOf, splitAt } from '../../src/expression/find-text.ts';
import { evaluate } from './evaluate.ts';

/** Long texts with many repetitions. */
const repetitive = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b'), minLength: min, maxLength: max });

describe('the search for a text in another', () => {
  test('finds and splits like JavaScript', () => {
    const pieces = fc.tuple(
      repetitive(101, 130),
      fc.array(repetitive(0, 140), { maxLength: 4 }),
      fc.nat(5),
      fc.nat(60),
    );
    fc.assert(
      fc.property(pieces, ([wanted, between, limit, from]) => {
        const text = between.join(wanted);
        expect(positionOf(text, wanted, from)).toBe(text.indexOf(wanted, from));
        expect(splitAt(text, wanted, limit)).toEqual(text.split(wanted, limit));
        expect(splitAt(text, wanted, 100)).toEqual(text.split(wanted));
      }),
    );
  });

  test.each(['$contains', '$split', '$substringBefore', '$substringAfter'])('finds a long text: %s', async (name) => {
    const separator = `b${'a'.repeat(200)}`;
    const payload = { text: `${'a'.repeat(300)}${separator}after`, separator };
    const [before, after] = ['a'.repeat(300), 'after'];
    const expected = { $contains: true, $split: [before, after], $substringBefore: before, $substringAfter: after }[
      name
    ];
    expect(await evaluate(`${name}(payload.text, payload.separator)`, { payload })).toEqual(expected);
    const other = { ...payload, separator: `c${separator}` };
    const without = { $contains: false, $split: [payload.text] }[name] ?? payload.text;
    expect(await evaluate(`${name}(payload.text, payload.separator)`, { payload: other })).toEqual(without);
  });

  test('replaces a long text', async () => {
    const wanted = `b${'a'.repeat(200)}`;
    const payload = { text: `1${wanted}2${wanted}3`, wanted };
    expect(await evaluate("$replace(payload.text, payload.wanted, '-')", { payload })).toBe('1-2-3');
    expect(await evaluate("$replace(payload.text, payload.wanted, '-', 1)", { payload })).toBe(`1-2${wanted}3`);
  });
});
