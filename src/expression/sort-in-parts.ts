import type { ItemPauses } from './expression-run.ts';

/** Returns a negative number if the first item comes before the second, a positive one if it comes after. */
export type Compare<Item> = (a: Item, b: Item) => number;

/** The evaluation for which a list is sorted. */
interface SortingRun {
  /** @returns a promise to await, if any */
  pause(): Promise<void> | undefined;
  itemPauses(): ItemPauses;
}

/** The work that is done at once. */
const sortedAtOnce = 8_000;

/**
 * Sorts a list. Equal items keep their order. Longer lists are sorted in parts, which are then merged, in slices.
 *
 * @param workOf returns the work of comparing an item, in short items
 */
export async function sortInParts<Item>(
  items: readonly Item[],
  compare: Compare<Item>,
  run: SortingRun,
  workOf: (item: Item) => number,
): Promise<readonly Item[]> {
  let parts: (readonly Item[])[] = [];
  for (let begin = 0; begin < items.length; ) {
    let end = begin;
    for (let work = 0; end < items.length && work < sortedAtOnce; end++) work += workOf(items[end] as Item);
    parts.push(items.slice(begin, end).toSorted(compare));
    begin = end;
    const pause = run.pause();
    if (pause) await pause;
  }
  const pauses = run.itemPauses();
  const pausesAfter: PausesAfter<Item> = (item) => pauses(workOf(item));
  while (parts.length > 1) {
    const merged: (readonly Item[])[] = [];
    for (let index = 0; index < parts.length; index += 2) {
      merged.push(await merge(parts[index] as readonly Item[], parts[index + 1] ?? [], compare, pausesAfter));
    }
    parts = merged;
  }
  return parts[0] ?? [];
}

type PausesAfter<Item> = (item: Item) => Promise<void> | undefined;

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: Compare<Item>,
  pauses: PausesAfter<Item>,
): Promise<readonly Item[]> {
  const merged: Item[] = [];
  let next = 0;
  for (const item of left) {
    while (next < right.length && compare(item, right[next] as Item) > 0) {
      const other = right[next++] as Item;
      merged.push(other);
      const pause = pauses(other);
      if (pause) await pause;
    }
    merged.push(item);
    const pause = pauses(item);
    if (pause) await pause;
  }
  for (; next < right.length; next++) merged.push(right[next] as Item);
  return merged;
}
