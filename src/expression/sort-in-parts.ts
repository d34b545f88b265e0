import type { ItemPauses } from './expression-run.ts';

/** Returns a negative number if the first item comes before the second, a positive one if it comes after. */
export type Compare<Item> = (a: Item, b: Item) => number;

/** The evaluation for which a list is sorted. */
interface SortingRun {
  /** @returns a promise to await, if any */
  pause(): Promise<void> | undefined;
  itemPauses(): ItemPauses;
}

/** The number of items that are sorted at once. */
const sortedAtOnce = 8_000;

/** Sorts a list. Equal items keep their order. Longer lists are sorted in parts, which are then merged, in slices. */
export async function sortInParts<Item>(
  items: readonly Item[],
  compare: Compare<Item>,
  run: SortingRun,
): Promise<readonly Item[]> {
  let parts: (readonly Item[])[] = [];
  for (let begin = 0; begin < items.length; begin += sortedAtOnce) {
    parts.push(items.slice(begin, begin + sortedAtOnce).toSorted(compare));
    const pause = run.pause();
    if (pause) await pause;
  }
  const pauses = run.itemPauses();
  while (parts.length > 1) {
    const merged: (readonly Item[])[] = [];
    for (let index = 0; index < parts.length; index += 2) {
      merged.push(await merge(parts[index] as readonly Item[], parts[index + 1] ?? [], compare, pauses));
    }
    parts = merged;
  }
  return parts[0] ?? [];
}

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: Compare<Item>,
  pauses: ItemPauses,
): Promise<readonly Item[]> {
  const merged: Item[] = [];
  let next = 0;
  for (const item of left) {
    for (; next < right.length && compare(item, right[next] as Item) > 0; next++) merged.push(right[next] as Item);
    merged.push(item);
    const pause = pauses();
    if (pause) await pause;
  }
  for (; next < right.length; next++) merged.push(right[next] as Item);
  return merged;
}
