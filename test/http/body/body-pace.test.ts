import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BodyPace, bodyGraceMs, type PacedBody } from '../../../src/http/body/body-pace.ts';

/** Returns the outcome for a body of which so many bytes have arrived in so many milliseconds. */
function isCutOff(length: number, elapsedMs: number): boolean {
  const cut: PacedBody[] = [];
  const pace = new BodyPace(1000, (body) => cut.push(body));
  pace.watch({ startedAt: 5, length, place: 0 });
  pace.sweep(5 + elapsedMs);
  return cut.length > 0;
}

describe('a body', () => {
  test.each([
    ['of which nothing has come within the first ten seconds', 0, bodyGraceMs],
    ['that comes just fast enough', 60_000, bodyGraceMs + 60_000],
    ['that paused for ten seconds, and was fast enough before', 60_000, 70_000],
    ['that comes over a slow link', 100_000, 20_000],
  ])('is accepted: %s', (_what, length, elapsedMs) => {
    expect(isCutOff(length, elapsedMs)).toBe(false);
  });

  test.each([
    ['of which nothing comes', 0, bodyGraceMs + 1],
    ['of which one byte a second comes', 30, 30_000],
    ['that stops in the middle', 10_000, bodyGraceMs + 10_001],
  ])('is cut off: %s', (_what, length, elapsedMs) => {
    expect(isCutOff(length, elapsedMs)).toBe(true);
  });

  test('is never cut off once it has arrived whole, in whatever order bodies end', () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4]);
    fc.assert(
      fc.property(order, (ended) => {
        const cut: PacedBody[] = [];
        const pace = new BodyPace(1000, (body) => cut.push(body));
        const bodies = [0, 1, 2, 3, 4].map((length) => ({ startedAt: 0, length, place: 0 }));
        for (const body of bodies) pace.watch(body);
        for (const name of ended) pace.unwatch(bodies[name] ?? expect.unreachable());
        pace.sweep(1_000_000);
        expect(new Set(cut)).toEqual(new Set(bodies.filter(({ length }) => !ended.includes(length))));
      }),
    );
  });
});
