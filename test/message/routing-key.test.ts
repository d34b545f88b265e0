import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { routingKeyMatcher, validateKey, validatePattern, widenedPattern } from '../../src/message/routing-key.ts';

describe('a pattern matches a routing key', () => {
  test.each([
    ['order.placed', 'order.placed'],
    ['*', ''],
    ['*', 'order.placed'],
    ['order.*', 'order.placed'],
    ['order.*', 'order.placed.late'],
    ['order.*', 'order.'],
    ['*.placed', 'order.placed'],
    ['*.placed', 'a.b.placed'],
    ['order.*.late', 'order.placed.late'],
    ['order.*.late', 'order.placed.too.late'],
    ['or*ed', 'order.placed'],
    ['a*b*c', 'abc'],
    ['**', 'anything'],
    ['*a*', 'a'],
  ])('%s: %s', (pattern, key) => {
    expect(routingKeyMatcher(pattern)(key)).toBe(true);
  });

  test.each([
    ['order.placed', 'order.placed.late'],
    ['order.placed', 'Order.placed'],
    ['order.*', 'order'],
    ['order.*', 'orders.placed'],
    ['*.placed', 'placed'],
    ['order.*.late', 'order.late'],
    ['aba*aba', 'aba'],
    ['aba*aba', 'ababa'],
    ['a*b*c', 'acb'],
    ['a.b', 'axb'],
    ['(', ')'],
  ])('does not match %s: %s', (pattern, key) => {
    expect(routingKeyMatcher(pattern)(key)).toBe(false);
  });

  const letters = fc.constantFrom(...'ab.');
  const key = fc.string({ unit: letters, maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom(...'ab.*'), maxLength: 8 });

  test('exactly when one that tries everything says so', () => {
    fc.assert(
      fc.property(pattern, key, (given, routingKey) => {
        expect(routingKeyMatcher(given)(routingKey)).toBe(matchesNaively(given, routingKey));
      }),
      { numRuns: 5000 },
    );
  });

  test('in no time that grows with the number of its stars', () => {
    const matches = routingKeyMatcher(`${'a*'.repeat(127)}b`);
    // One that goes back would try more ways than there are atoms; this ends or the test never does.
    expect(matches(`${'a'.repeat(254)}c`)).toBe(false);
    expect(matches(`${'a'.repeat(254)}b`)).toBe(true);
    expect(routingKeyMatcher('*a'.repeat(50_000))('a'.repeat(100_000))).toBe(true);
  });

  test('only if its widened pattern does', () => {
    fc.assert(
      fc.property(pattern, key, (given, routingKey) => {
        fc.pre(routingKeyMatcher(given)(routingKey));
        expect(routingKeyMatcher(widenedPattern(given))(routingKey)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a pattern is widened', () => {
  test.each([
    ['order.placed', 'order.placed'],
    ['*', '*'],
    ['order.*', 'order.*'],
    ['or*.placed', '*.placed'],
    ['a.b*c.d*', 'a.*.*'],
  ])('%s to %s', (pattern, widened) => {
    expect(widenedPattern(pattern)).toBe(widened);
  });
});

describe('a key is good', () => {
  test.each(['a', 'billing.changeDetails', 'zażółć.✓', 'a b', 'a..b', '.', 'a/b?c%20', 'x'.repeat(255)])(
    '%j',
    (key) => {
      expect(validateKey(key)).toBeUndefined();
      expect(validatePattern(key)).toBeUndefined();
    },
  );

  test.each([
    ['', 'is empty'],
    ['x'.repeat(256), 'is longer than 255 bytes'],
    ['ż'.repeat(128), 'is longer than 255 bytes'],
    ['a\u0000b', 'has a control character'],
    ['a\nb', 'has a control character'],
    ['a\u007f', 'has a control character'],
    ['a\ud800', 'is not valid Unicode'],
  ])('is rejected with the reason: %j', (key, issue) => {
    expect(validateKey(key)).toBe(issue);
    expect(validatePattern(key)).toBe(issue);
  });

  test('without wildcards, of which a pattern may have one kind', () => {
    expect(validateKey('a.*')).toBe('has a wildcard (* or #)');
    expect(validateKey('a.#')).toBe('has a wildcard (* or #)');
    expect(validatePattern('a.*')).toBeUndefined();
    expect(validatePattern('a.#')).toBe('has the wildcard #; * stands for any characters, dots included');
  });
});

function matchesNaively(pattern: string, key: string): boolean {
  if (pattern === '') return key === '';
  const rest = pattern.slice(1);
  if (pattern[0] !== '*') return pattern[0] === key[0] && matchesNaively(rest, key.slice(1));
  return Array.from({ length: key.length + 1 }, (_, taken) => key.slice(taken)).some((end) =>
    matchesNaively(rest, end),
  );
}
