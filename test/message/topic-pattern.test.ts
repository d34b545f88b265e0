import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesTopic } from '../../src/message/topic-pattern.ts';

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

  test('with many wildcards is compared in reasonable time', () => {
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
