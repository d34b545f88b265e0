import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesTopic, topicKeyOf, withTopicKeys } from '../../../src/engine/broker/topic-pattern.ts';
import { routingKeyMatcher } from '../../../src/message/routing-key.ts';

describe('a binding key', () => {
  test.each<[bindingKey: string, matching: string[], others: string[]]>([
    ['billing', ['billing'], ['billing.paid', 'paid', 'Billing', 'billin', 'billings']],
    ['billing.paid', ['billing.paid'], ['billing', 'paid', 'billing.paid.late', 'billing_paid']],
    ['*', ['a'], ['a.b']],
    ['*.*', ['a.b'], ['a', 'a.b.c']],
    ['a.*', ['a.b', 'a.'], ['a', 'a.b.c', 'b.a']],
    ['*.b', ['a.b', '.b'], ['b', 'a.a.b']],
    ['a.*.c', ['a.b.c', 'a..c'], ['a.c', 'a.b.b.c']],
    ['#', ['a', 'a.b', 'a.b.c'], []],
    ['#.#', ['a', 'a.b', 'a.b.c'], []],
    ['a.#', ['a', 'a.b', 'a.b.c'], ['b', 'b.a', 'ab']],
    ['#.b', ['b', 'a.b', 'a.a.b', 'b.b'], ['a', 'b.a', 'ab']],
    ['a.#.b', ['a.b', 'a.c.b', 'a.c.d.b', 'a.b.b'], ['a', 'b', 'a.b.c', 'ab']],
    ['#.a.#', ['a', 'a.b', 'b.a', 'b.a.b'], ['b', 'b.b']],
    ['*.#', ['a', 'a.b', 'a.b.c'], []],
    ['#.*.*', ['a.b', 'a.b.c'], ['a']],
    ['a.#.*', ['a.b', 'a.b.c'], ['a', 'b.a']],
    ['a*', ['a*'], ['ab', 'a.b', 'a']],
    ['a#', ['a#'], ['ab', 'a.b', 'a']],
    ['a.+', ['a.+'], ['a.b', 'a.a']],
  ])('%s matches %j and not %j', (bindingKey, matching, others) => {
    const keys = [...matching, ...others];
    expect(keys.filter((key) => matchesTopic(bindingKey, key))).toEqual(matching);
  });

  test('matches what a naive matcher matches', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 6 });
    const parts = fc.array(fc.constantFrom('a', 'b', '*', '#'), { minLength: 1, maxLength: 6 });
    // The empty key is no key of the bus: what it has, one empty word or none, is left open.
    const keys = words.map((list) => list.join('.')).filter((key) => key !== '');
    fc.assert(
      fc.property(parts, keys, (pattern, key) => {
        expect(matchesTopic(pattern.join('.'), key)).toBe(matchesNaively(pattern, key.split('.')));
      }),
      { numRuns: 2000 },
    );
  });

  test('is compared in reasonable time, even with many wildcards', () => {
    const bindingKey = `${'#.*.'.repeat(40)}end`;
    expect(matchesTopic(bindingKey, 'a.'.repeat(120))).toBe(false);
  });
});

function matchesNaively(pattern: string[], words: string[]): boolean {
  const [part, ...parts] = pattern;
  if (part === undefined) return words.length === 0;
  if (part === '#')
    return matchesNaively(parts, words) || (words.length > 0 && matchesNaively(pattern, words.slice(1)));
  const [word, ...rest] = words;
  if (word === undefined) return false;
  return (part === '*' || part === word) && matchesNaively(parts, rest);
}

describe('topicKeyOf', () => {
  test.each([
    ['order.placed', 'order.placed'],
    ['*', '#'],
    ['order.*', 'order.#'],
    ['*.placed', '#.placed'],
    ['order.*.late', 'order.#.late'],
    ['or*.placed', '#.placed'],
    ['a.b*c.d*', 'a.#.#'],
  ])('translates %s to %s', (pattern, bindingKey) => {
    expect(topicKeyOf(pattern)).toBe(bindingKey);
  });

  test('returns a binding key that matches each key that the pattern matches', () => {
    const key = fc.string({ unit: fc.constantFrom(...'ab.'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom(...'ab.*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, key, (given, routingKey) => {
        fc.pre(routingKeyMatcher(given)(routingKey));
        expect(matchesTopic(topicKeyOf(given), routingKey)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('withTopicKeys', () => {
  const subscription = { queue: 'q', deadLetterQueue: 'd', prefetch: 1, onDelivery: () => {} };

  test('translates each key once, in the given order', () => {
    const given = { ...subscription, bindingKeys: ['billing', 'order.*', 'order.p*', 'order.placed', 'billing'] };
    expect(withTopicKeys(given)).toEqual({
      ...subscription,
      bindingKeys: ['billing', 'order.#', 'order.placed'],
      retiredKeys: [],
    });
  });

  test('retires no binding that another key needs', () => {
    const given = { ...subscription, bindingKeys: ['billing', 'order.p*'], retiredKeys: ['order.*', 'shop.*', 'shop'] };
    expect(withTopicKeys(given).retiredKeys).toEqual(['shop.#', 'shop']);
  });
});
