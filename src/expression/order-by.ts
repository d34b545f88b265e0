import { workOf } from './comparison.ts';
import { runOf } from './expression-run.ts';
import type { Call, Sequence } from './jsonata-internals.ts';
import { sortInParts } from './sort-in-parts.ts';

// JSONata's own order-by evaluates its terms for each comparison, and copies the rest of a list for each item that it
// merges: a list of some thousand items takes a second, and the memory grows with the square of the length.

/** An item, with the values of the terms of an order-by for it. */
class KeyedItem {
  readonly item: unknown;
  readonly keys: readonly unknown[];

  constructor(item: unknown, keys: readonly unknown[]) {
    this.item = item;
    this.keys = keys;
  }
}

/** The items of a path; undefined where there are none. */
export type KeyedItems = KeyedItem | readonly KeyedItem[] | undefined;

/** Returns the current item with the values of the terms. */
export function keyItem({ input }: Call, keys: readonly unknown[]): KeyedItem {
  return new KeyedItem(input, keys);
}

/**
 * Orders items by the values of their terms. Equal items keep their order, and items without a value are the last.
 *
 * @param directions a character for each term: `>` where the largest value is the first
 * @param unwraps true if a list of one item is that item
 */
export async function orderItems(
  call: Call,
  items: KeyedItems,
  directions: string,
  unwraps: boolean,
): Promise<unknown> {
  if (items === undefined) return undefined;
  if (!Array.isArray(items)) {
    const { item } = items as KeyedItem;
    if (!unwraps) return [item];
    const single: Sequence = call.createSequence();
    single.push(item);
    return single;
  }
  const descends = [...directions].map((direction) => direction === '>');
  const compare = (a: KeyedItem, b: KeyedItem) => compareKeys(a.keys, b.keys, descends);
  const sorted = await sortInParts(items as readonly KeyedItem[], compare, runOf(call), workOfKeys);
  return sorted.map(({ item }) => item);
}

function workOfKeys({ keys }: KeyedItem): number {
  return keys.reduce<number>((sum, key) => sum + workOf(key), 0);
}

function compareKeys(left: readonly unknown[], right: readonly unknown[], descends: readonly boolean[]): number {
  for (let index = 0; index < descends.length; index++) {
    const [a, b] = [left[index], right[index]];
    if (a === undefined && b === undefined) continue;
    if (a === undefined) return 1;
    if (b === undefined) return -1;
    if (!isKey(a) || !isKey(b)) throw { code: 'T2008' };
    if (typeof a !== typeof b) throw { code: 'T2007' };
    if (a !== b) return a > b === descends[index] ? -1 : 1;
  }
  return 0;
}

function isKey(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string';
}
