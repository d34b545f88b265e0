import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextPrefetch } from '../../../../src/engine/amqp/consume/next-prefetch.ts';

const load = { limit: 10, earlier: 0, taken: 0, isSlow: false, isOrdered: false };

describe('the prefetch of the next consumer', () => {
  test.each([
    ['all of the limit for the first one', {}, 10],
    ['what earlier deliveries leave', { earlier: 7 }, 3],
    ['nothing while earlier deliveries take all', { earlier: 10 }, 0],
    ['nothing while it would be less than what the others have', { earlier: 3, taken: 4 }, 0],
    ['as much as the others have', { earlier: 2, taken: 4 }, 4],
    ['the rest, however small, once earlier deliveries are settled', { taken: 9 }, 1],
    ['nothing once all is taken', { taken: 10 }, 0],
    ['one at a slow start', { isSlow: true }, 1],
    ['one at a slow start beside earlier deliveries', { isSlow: true, earlier: 4 }, 1],
    ['nothing beside the one of a slow start', { isSlow: true, taken: 1 }, 0],
    ['nothing for an ordered queue while earlier deliveries are unacknowledged', { isOrdered: true, earlier: 1 }, 0],
  ])('is %s', (_, changes, expected) => {
    expect(nextPrefetch({ ...load, ...changes })).toBe(expected);
  });

  test('never exceeds the limit, reaches it with few consumers, and waits for nothing but earlier deliveries', () => {
    const property = fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(600), (limit, unacknowledged) => {
      let taken = 0;
      let consumers = 0;
      for (let earlier = unacknowledged; earlier >= 0; earlier--) {
        const prefetch = nextPrefetch({ ...load, limit, earlier, taken });
        if (prefetch > 0) consumers += 1;
        taken += prefetch;
        expect(earlier + taken).toBeLessThanOrEqual(Math.max(limit, earlier));
        if (earlier < limit) expect(taken).toBeGreaterThan(0);
      }
      expect(taken).toBe(limit);
      expect(consumers).toBeLessThanOrEqual(Math.log2(limit) + 2);
    });
    fc.assert(property);
  });
});
