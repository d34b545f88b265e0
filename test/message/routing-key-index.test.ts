import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { routingKeyMatcher } from '../../src/message/routing-key.ts';
import { RoutingKeyIndex } from '../../src/message/routing-key-index.ts';

function indexOf(patterns: readonly string[]): RoutingKeyIndex<number> {
  const index = new RoutingKeyIndex<number>();
  for (const [position, pattern] of patterns.entries()) index.add(pattern, position);
  return index;
}

/** Compares each pattern with the key, in the order of registration. */
function findNaively(patterns: readonly string[], key: string): number[] {
  return patterns.flatMap((pattern, position) => (routingKeyMatcher(pattern)(key) ? [position] : []));
}

describe('an index of routing keys', () => {
  test('finds what a search one by one finds, in the same order', () => {
    const pattern = fc.string({ unit: fc.constantFrom(...'ab.*'), maxLength: 6 });
    const key = fc.string({ unit: fc.constantFrom(...'ab.'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 30 }), fc.array(key, { maxLength: 10 }), (patterns, keys) => {
        const index = indexOf(patterns);
        for (const routingKey of [...keys, ...patterns]) {
          expect(index.find(routingKey)).toEqual(findNaively(patterns, routingKey));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('keeps the order among exact keys and patterns', () => {
    const index = indexOf(['*.placed', 'order.placed', 'order.*', 'order.placed', '*', 'order.paid']);
    expect(index.find('order.placed')).toEqual([0, 1, 2, 3, 4]);
    expect(index.find('order.paid')).toEqual([2, 4, 5]);
  });

  test.each(['__proto__', 'constructor', ''])('finds nothing under %j', (key) => {
    expect(indexOf(['a', 'a*', '*a']).find(key)).toEqual([]);
  });

  test('does not match a key in which the ends of a pattern overlap', () => {
    expect(indexOf(['aba*aba']).find('ababa')).toEqual([]);
    expect(indexOf(['aba*aba']).find('abaaba')).toEqual([0]);
  });

  test('finds a key that no pattern could name', () => {
    expect(indexOf(['a*', '*b']).find(`${'a'.repeat(100_000)}b`)).toEqual([0, 1]);
  });
});
