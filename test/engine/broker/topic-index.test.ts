import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TopicIndex } from '../../../src/engine/broker/topic-index.ts';
import { matchesTopic } from '../../../src/engine/broker/topic-pattern.ts';

describe('an index of binding keys', () => {
  test('matches what a comparison one by one matches', () => {
    const word = fc.constantFrom('a', 'b', 'ab', '', '*', '#', 'a#', '*b');
    const bindingKey = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('.'));
    const key = fc
      .array(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 5 })
      .map((words) => words.join('.'));
    fc.assert(
      fc.property(fc.array(bindingKey, { maxLength: 8 }), fc.array(key, { maxLength: 8 }), (bindingKeys, keys) => {
        const index = new TopicIndex(bindingKeys);
        for (const routingKey of [...keys, ...bindingKeys]) {
          expect(index.matches(routingKey)).toBe(bindingKeys.some((one) => matchesTopic(one, routingKey)));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('matches a wildcard that stands for no word', () => {
    const index = new TopicIndex(['order.#', '#.late', 'a.#.b']);
    expect(['order', 'late', 'a.b', 'order.placed', 'very.late', 'a.x.b'].every((key) => index.matches(key))).toBe(
      true,
    );
    expect(['orders', 'later', 'a', 'ab', ''].some((key) => index.matches(key))).toBe(false);
  });
});
