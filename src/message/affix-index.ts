/** A condition on a key: the texts that it begins and ends with, and the whole check. */
export interface AffixPattern {
  readonly prefix: string;
  readonly suffix: string;
  readonly matches: (key: string) => boolean;
}

interface Entry<Item> {
  readonly matches: (key: string) => boolean;
  readonly item: Item;
}

/**
 * The items of patterns. A search looks up the prefixes and the suffixes of a key, so it checks only the patterns that
 * share both, however many there are.
 */
export class AffixIndex<Item> {
  readonly #byPrefix = new AffixMap<AffixMap<Entry<Item>[]>>((key, length) => key.slice(0, length));

  add({ prefix, suffix, matches }: AffixPattern, item: Item): void {
    const bySuffix = this.#byPrefix.getOrCreate(
      prefix,
      () => new AffixMap((key, length) => key.slice(key.length - length)),
    );
    bySuffix.getOrCreate(suffix, () => []).push({ matches, item });
  }

  /** Returns the items whose pattern matches, in no particular order. */
  find(key: string): Item[] {
    const found: Item[] = [];
    for (const bySuffix of this.#byPrefix.find(key)) {
      for (const entries of bySuffix.find(key)) {
        for (const { matches, item } of entries) if (matches(key)) found.push(item);
      }
    }
    return found;
  }
}

/** Values by a text that is one end of a key. */
class AffixMap<Value> {
  readonly #values = new Map<string, Value>();
  /** The distinct lengths of the texts: at most as many as a key has characters, whatever the number of values. */
  readonly #lengths = new Set<number>();
  readonly #end: (key: string, length: number) => string;

  /** @param end cuts an end of a length off a key */
  constructor(end: (key: string, length: number) => string) {
    this.#end = end;
  }

  getOrCreate(text: string, create: () => Value): Value {
    const existing = this.#values.get(text);
    if (existing !== undefined) return existing;
    const created = create();
    this.#values.set(text, created);
    this.#lengths.add(text.length);
    return created;
  }

  find(key: string): Value[] {
    const found: Value[] = [];
    for (const length of this.#lengths) {
      const value = length <= key.length ? this.#values.get(this.#end(key, length)) : undefined;
      if (value !== undefined) found.push(value);
    }
    return found;
  }
}
