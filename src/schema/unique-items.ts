import { remembered } from './remembered-checks.ts';

/** The key of what is remembered during a check. */
const owner = {};

/**
 * Returns whether no two items are equal: objects by their fields, whatever their order. TypeBox hashes each byte of each
 * item, once more for each level of lists within lists, and takes BigInts for equal that differ by 2^64.
 */
export function areUnique(items: readonly unknown[]): boolean {
  const { identities, verdicts } = remembered(owner, () => ({
    identities: new Identities(),
    verdicts: new Map<readonly unknown[], boolean>(),
  }));
  // Several branches of a union can ask for the same list.
  const verdict = verdicts.get(items) ?? isUnique(items, identities);
  verdicts.set(items, verdict);
  return verdict;
}

function isUnique(items: readonly unknown[], identities: Identities): boolean {
  const seen = new Set<unknown>();
  for (const item of items) {
    const identity = identities.of(item);
    if (seen.has(identity)) return false;
    seen.add(identity);
  }
  return true;
}

/** The length up to which writing the content of an object again takes less time than to remember it. */
const shortLength = 24;

/** Gives equal values the same text. Each large object is visited once, however many lists it stands in. */
class Identities {
  readonly #ids = new Map<string, string>();
  // The identities live no longer than the check of one value. A WeakMap would take three times as long.
  readonly #known = new Map<object, string>();

  of(value: unknown): string {
    if (typeof value === 'string') return `${value.length}"${value}`;
    if (typeof value === 'number') return Object.is(value, -0) ? '-0,' : `${value},`;
    if (typeof value === 'bigint') return `${value}n`;
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return `${String(value)},`;
    return this.#known.get(value) ?? this.#idOf(value);
  }

  #idOf(value: object): string {
    const content = this.#contentOf(value);
    if (content.length <= shortLength) return content;
    const id = this.#ids.get(content) ?? `#${this.#ids.size},`;
    this.#ids.set(content, id);
    this.#known.set(value, id);
    return id;
  }

  #contentOf(value: object): string {
    if (Array.isArray(value)) return this.#listOf(value);
    if (value instanceof Date) return `date ${value.getTime()},`;
    if (value instanceof Uint8Array) return `bytes ${value.byteLength}"${Buffer.from(value).toString('latin1')}`;
    const fields = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields);
    if (names.length > 1) names.sort();
    let content = '{';
    for (const name of names) content += `${name.length}"${name}${this.of(fields[name])}`;
    return `${content}}`;
  }

  #listOf(items: readonly unknown[]): string {
    let content = '[';
    for (const item of items) content += this.of(item);
    return `${content}]`;
  }
}
