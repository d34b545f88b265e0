import fc from 'fast-check';
import { expect, test } from 'vitest';
import { delayLevels } from '../../../../src/engine/amqp/delay/delay-levels.ts';

const thirtyDaysMs = 2_592_000_000;
// Of all lengths alike: chosen evenly, nearly all would be of days.
const delays = fc
  .tuple(fc.double({ min: 0, max: Math.log(thirtyDaysMs), noNaN: true }), fc.integer({ min: -3, max: 3 }))
  .map(([exponent, offset]) => Math.min(thirtyDaysMs, Math.max(1, Math.round(Math.exp(exponent)) + offset)));

function timeOn(levels: readonly number[]): number {
  return levels.reduce((sum, level) => sum + 2 ** level, 0);
}

test.each([
  [1, [1]],
  [2, [2]],
  [255, [8]],
  [1000, [9, 8, 7, 6, 5, 4]],
  [60_000, [15, 14, 13, 11, 9, 7]],
  [thirtyDaysMs, expect.arrayContaining([31])],
])('%i ms', (delayMs, levels) => {
  expect(delayLevels(delayMs)).toEqual(levels);
});

test('each level is there once, the longest first, and there are 32 in all', () => {
  fc.assert(
    fc.property(delays, (delayMs) => {
      const levels = delayLevels(delayMs);
      expect(levels).toEqual([...new Set(levels)].sort((one, other) => other - one));
      for (const level of levels) expect([level, level >= 0 && level <= 31]).toEqual([level, true]);
    }),
  );
});

test('a delay is not early, though each level may be by a millisecond', () => {
  fc.assert(
    fc.property(delays, (delayMs) => {
      const levels = delayLevels(delayMs);
      expect(timeOn(levels) - levels.length).toBeGreaterThanOrEqual(delayMs);
    }),
  );
});

test('a delay is longer by about 1/256, and about a second at most, beside what the levels may be early', () => {
  fc.assert(
    fc.property(delays, (delayMs) => {
      const levels = delayLevels(delayMs);
      const unitMs = Math.min(1024, Math.max(1, delayMs / 256));
      expect(timeOn(levels) - delayMs).toBeLessThanOrEqual(2 * unitMs + 22);
    }),
  );
});

test('a delay takes few levels: 10 up to four minutes, 22 at most', () => {
  fc.assert(
    fc.property(delays, (delayMs) => {
      expect(delayLevels(delayMs).length).toBeLessThanOrEqual(delayMs < 240_000 ? 10 : 22);
    }),
  );
});
