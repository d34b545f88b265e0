import type { CoercionContext } from './coercion-context.ts';
import { entriesOf } from './list-entries.ts';
import { claimAll, type SchemaNode, valueAt } from './node-scope.ts';
import { itemsBetweenGaps } from './php-arrays.ts';

export interface ItemNodes {
  /** The nodes of the first items, one each. */
  readonly first: readonly SchemaNode[];
  /** The node of all other items. */
  readonly rest: SchemaNode | undefined;
  /** True if an item can be an empty text. */
  readonly takesEmptyText: boolean;
  /** True if an item can be an object. A list in entries could then be the only item of a list as well. */
  readonly takesObjects: boolean;
  /** True if such an object can have a field with the name of an entry. */
  readonly namesEntry: boolean;
  /** True if the check of an item counts keys of objects for the whole value. */
  readonly isCounted: boolean;
  /** Returns whether all items fit. */
  readonly fits: (items: readonly unknown[]) => boolean;
}

/** Maximum length of a matching list for which explaining each item takes no longer than checking the whole list. */
const maxExplained = 100;

/** The items of a list. A single item becomes a list of one only if its media type cannot distinguish the two. */
export function listNode(nodes: ItemNodes): SchemaNode {
  const { first, rest, takesEmptyText, takesObjects, isCounted, namesEntry, fits } = nodes;
  const nodeAt = (index: number) => (index < first.length ? first[index] : rest);

  function coerceItems(list: readonly unknown[], context: CoercionContext): readonly unknown[] {
    let copy: unknown[] | undefined;
    for (let index = 0; index < list.length && !context.isHopeless; index++) {
      const coerce = nodeAt(index)?.coerce;
      if (coerce === undefined) continue;
      const item = coerce(list[index], context);
      if (Object.is(item, list[index])) continue;
      copy ??= [...list];
      copy[index] = item;
    }
    return copy ?? list;
  }

  /** Coerces a value as the entries of a list or as its only item: the first that fits, or else as the entries. */
  function coerceEntries(entries: readonly unknown[], value: unknown, context: CoercionContext): readonly unknown[] {
    if (!takesObjects || !context.canAttempt) return coerceItems(entries, context);
    const read = (items: readonly unknown[]) =>
      context.attempt((list) => coerceItems(list as readonly unknown[], context), items) as readonly unknown[];
    const isItemFirst = namesEntry && context.traits.listsInEntries === 'possible';
    const asItem = isItemFirst ? read([value]) : undefined;
    if (asItem && fits(asItem)) return asItem;
    const asEntries = read(entries);
    if (asItem || fits(asEntries) || !context.canAttempt) return asEntries;
    const single = read([value]);
    return fits(single) ? single : asEntries;
  }

  return {
    coerce(value, context) {
      if (Array.isArray(value)) return coerceItems(value, context);
      const { singleItemIsList, emptyObjectAs, listsInEntries, listsHaveGaps } = context.traits;
      const isEmptyText = emptyObjectAs === 'text' && value === '';
      if (isEmptyText && (listsInEntries === 'preferred' || !takesEmptyText)) return [];
      const entries = listsInEntries && entriesOf(value);
      if (entries) return coerceEntries(entries, value, context);
      const items = listsHaveGaps && itemsBetweenGaps(value);
      if (items) return coerceItems(items, context);
      return singleItemIsList && value !== undefined && value !== null ? coerceItems([value], context) : value;
    },
    explain(value, search) {
      if (!Array.isArray(value) || (!isCounted && value.length > maxExplained && fits(value))) return;
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
