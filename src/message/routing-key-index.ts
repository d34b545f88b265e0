import { AffixIndex } from './affix-index.ts';
import { routingKeyMatcher } from './routing-key.ts';

interface Entry<Item> {
  /** The position among all items. */
  readonly order: number;
  readonly item: Item;
}

interface ExactKey<Item> {
  readonly entries: Entry<Item>[];
  readonly items: Item[];
}

/**
 * Items by the routing keys and patterns that they are registered under. The cost of a search depends on what it finds,
 * not on what is registered.
 */
export class RoutingKeyIndex<Item> {
  readonly #exact = new Map<string, ExactKey<Item>>();
  readonly #patterns = new AffixIndex<Entry<Item>>();
  #size = 0;

  /** @param pattern a routing key, or a pattern in which `*` stands for any characters */
  add(pattern: string, item: Item): void {
    const entry = { order: this.#size++, item };
    if (pattern.includes('*')) {
      const literals = pattern.split('*');
      const [prefix = '', suffix = ''] = [literals[0], literals.at(-1)];
      this.#patterns.add({ prefix, suffix, matches: routingKeyMatcher(pattern) }, entry);
      return;
    }
    const { entries, items } = this.#exact.get(pattern) ?? { entries: [], items: [] };
    entries.push(entry);
    items.push(item);
    this.#exact.set(pattern, { entries, items });
  }

  /** Returns each item whose key or pattern matches, in the order in which they were added. */
  find(routingKey: string): readonly Item[] {
    const exact = this.#exact.get(routingKey);
    const matching = this.#patterns.find(routingKey);
    if (matching.length === 0) return exact?.items ?? [];
    const found = exact === undefined ? matching : [...exact.entries, ...matching];
    return found.sort((a, b) => a.order - b.order).map(({ item }) => item);
  }
}
