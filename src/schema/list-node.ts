import type { CoercionRun } from './coercion-run.ts';
import { entriesOf } from './list-entries.ts';
import { claimAll, type SchemaNode, valueAt } from './node-scope.ts';
import { itemsBetweenGaps } from './php-arrays.ts';

export interface ItemNodes {
  /** Of the first items, one each. */
  readonly first: readonly SchemaNode[];
  /** Of all others. */
  readonly rest: SchemaNode | undefined;
  /** Whether an item can be an empty text. */
  readonly takesEmptyText: boolean;
  /** Whether an item can be an object, so that a list in entries could be the only item of a list as well. */
  readonly takesObjects: boolean;
  /** Whether such an object can have a field that is named as an entry. */
  readonly namesEntry: boolean;
  /** Whether all items fit. */
  readonly fits: (items: readonly unknown[]) => boolean;
}

/** The items of a list. A single item becomes a list of one only where its media type cannot tell the two apart. */
export function listNode(nodes: ItemNodes): SchemaNode {
  const { first, rest, takesEmptyText, takesObjects, namesEntry, fits } = nodes;
  const nodeAt = (index: number) => (index < first.length ? first[index] : rest);

  function coerceItems(list: readonly unknown[], run: CoercionRun): readonly unknown[] {
    let copy: unknown[] | undefined;
    for (let index = 0; index < list.length && !run.isHopeless; index++) {
      const coerce = nodeAt(index)?.coerce;
      if (coerce === undefined) continue;
      const item = coerce(list[index], run);
      if (Object.is(item, list[index])) continue;
      copy ??= [...list];
      copy[index] = item;
    }
    return copy ?? list;
  }

  /** As its entries, or as the only item of a list: the first of the two that fits, or else as its entries. */
  function coerceEntries(entries: readonly unknown[], value: unknown, run: CoercionRun): readonly unknown[] {
    if (!takesObjects || !run.canAttempt) return coerceItems(entries, run);
    const read = (items: readonly unknown[]) =>
      run.attempt((list) => coerceItems(list as readonly unknown[], run), items) as readonly unknown[];
    const isItemFirst = namesEntry && run.ambiguity.listsInEntries === 'possible';
    const asItem = isItemFirst ? read([value]) : undefined;
    if (asItem && fits(asItem)) return asItem;
    const asEntries = read(entries);
    if (asItem || fits(asEntries) || !run.canAttempt) return asEntries;
    const single = read([value]);
    return fits(single) ? single : asEntries;
  }

  return {
    coerce(value, run) {
      if (Array.isArray(value)) return coerceItems(value, run);
      const { losesLists, emptyObjectIs, listsInEntries, listsHaveGaps } = run.ambiguity;
      const isEmptyText = emptyObjectIs === 'text' && value === '';
      if (isEmptyText && (listsInEntries === 'preferred' || !takesEmptyText)) return [];
      const entries = listsInEntries && entriesOf(value);
      if (entries) return coerceEntries(entries, value, run);
      const items = listsHaveGaps && itemsBetweenGaps(value);
      if (items) return coerceItems(items, run);
      return losesLists && value !== undefined && value !== null ? coerceItems([value], run) : value;
    },
    explain(value, search) {
      if (!Array.isArray(value)) return;
      for (let index = 0; index < value.length && !search.isFull; index++) {
        const node = nodeAt(index);
        if (node) search.descend(index, node.explain, value[index]);
      }
    },
    claim:
      claimAll([...first, ...(rest ? [rest] : [])]) &&
      ((holder, key, claims) => {
        const list = valueAt(holder, key);
        if (!Array.isArray(list)) return;
        for (let index = 0; index < list.length; index++) nodeAt(index)?.claim?.(list, index, claims);
      }),
  };
}
