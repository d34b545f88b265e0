import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { caught } from '../caught.ts';
import { evaluate } from './evaluate.ts';

// The time limit is far away: what ends these evaluations is the count of what they make.
const limits = { timeoutMs: 120_000, maxTextLength: 10_000, maxSequenceLength: 1_000 };

const text = 'x'.repeat(2_000);
const items = Array.from({ length: 900 }, (_, index) => index);
const payload = { text, items, width: 1e9, words: text.split('') };

describe('an expression that multiplies its input', () => {
  test.each([
    ['$pad(payload.text, payload.width)', 'texts? of more than'],
    ['$pad(payload.text, -1000000000)', 'texts? of more than'],
    ['$pad("", 5000000, payload.text)', 'texts? of more than'],
    ['$join($map(payload.items, function($i) { payload.text }))', 'texts? of more than'],
    ['$join(payload.words, payload.text)', 'texts? of more than'],
    ['$replace(payload.text, "x", payload.text)', 'texts? of more than'],
    ['$replace(payload.text, /x/, payload.text)', 'texts? of more than'],
    ['$string($map(payload.items, function($i) { payload.text }))', 'texts? of more than'],
    ['$reduce(payload.items, function($a, $i) { $a & payload.text }, "")', 'texts? of more than'],
    ['$split(payload.text, "")', 'a sequence is too long'],
    ['$match(payload.text, /x/)', 'a sequence is too long'],
    ['[0..payload.width]', 'a sequence is too long'],
    ['$append(payload.items, payload.items)', 'a sequence is too long'],
    ['$reduce(payload.items, function($a, $i) { $append($a, $a) }, payload.items)', 'a sequence is too long'],
    ['payload.items.([1..900])', 'too long'],
  ])('ends at the limit, however large the input: %s', async (expression, expected) => {
    const error = await caught(() => evaluate(expression, { payload }, { limits }));
    expect(error).toMatchObject({ name: 'LittoralError', retryable: false });
    expect(error.message).toMatch(new RegExp(expected));
    expect(error.message).not.toContain('xxxx');
    expect(error.message.length).toBeLessThan(1_000);
  });

  test.each([
    ['$pad(payload.text, 2001)', `${text} `],
    ['$length($join(payload.words, "ab"))', 2_000 + 2 * 1_999],
    ['$length($replace(payload.text, "x", "ab"))', 4_000],
    ['$count(payload.items)', 900],
    ['$count([1..1000])', 1_000],
  ])('returns its result up to the limit: %s', async (expression, expected) => {
    expect(await evaluate(expression, { payload }, { limits })).toEqual(expected);
  });

  test('never creates a text beyond the limit, for input and width of any length', async () => {
    const sizes = fc.record({
      length: fc.integer({ min: 0, max: 20_000 }),
      width: fc.integer({ min: -40_000, max: 40_000 }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ length, width }) => {
        const given = { text: 'é'.repeat(length), width };
        const expression = '$pad(payload.text, payload.width)';
        const result = await evaluate(expression, { payload: given }, { limits }).catch((error) => error);
        const wanted = Math.max(length, Math.abs(width));
        if (wanted > limits.maxTextLength && wanted > length) expect(result).toBeInstanceOf(Error);
        else expect(result).toHaveLength(wanted);
      }),
      { numRuns: 50 },
    );
  });
});
