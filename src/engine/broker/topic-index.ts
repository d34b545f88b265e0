import { AffixIndex } from '../../message/affix-index.ts';
import { matchesTopic, topicKeyOf } from './topic-pattern.ts';

/** The binding keys of a queue, which a topic exchange compares with each routing key. */
export class TopicIndex {
  readonly #exact = new Set<string>();
  readonly #patterns = new AffixIndex<string>();

  constructor(bindingKeys: Iterable<string>) {
    for (const key of bindingKeys) this.#add(key);
  }

  /** Returns whether a binding key matches. */
  matches(routingKey: string): boolean {
    return this.#exact.has(routingKey) || this.#patterns.find(routingKey).length > 0;
  }

  #add(bindingKey: string): void {
    const words = bindingKey.split('.');
    const first = words.findIndex(isWildcard);
    if (first === -1) {
      this.#exact.add(bindingKey);
      return;
    }
    // Without the dots next to the wildcard, because `#` may stand for no word.
    const prefix = words.slice(0, first).join('.');
    const suffix = words.slice(words.findLastIndex(isWildcard) + 1).join('.');
    this.#patterns.add({ prefix, suffix, matches: (key) => matchesTopic(bindingKey, key) }, bindingKey);
  }
}

/** Returns a function that says whether the exchange routes a key to a queue that is bound for these patterns. */
export function topicKeyMatcher(patterns: readonly string[]): (routingKey: string) => boolean {
  const index = new TopicIndex(patterns.map(topicKeyOf));
  return (routingKey) => index.matches(routingKey);
}

function isWildcard(word: string): boolean {
  return word === '*' || word === '#';
}
