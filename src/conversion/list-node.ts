import type { CoercionRun } from './coercion-run.ts';
import type { SchemaNode } from './node-scope.ts';

export interface ItemNodes {
  /** Of the first items, one each. */
  readonly first: readonly SchemaNode[];
  /** Of all others. */
  readonly rest: SchemaNode | undefined;
  /** Whether an item can be an empty text. */
  readonly takesEmptyText: boolean;
}

/** The items of a list. A single item becomes a list of one only where its media type cannot tell the two apart. */
export function listNode({ first, rest, takesEmptyText }: ItemNodes): SchemaNode {
  const nodeAt = (index: number) => (index < first.length ? first[index] : rest);

  function coerceItems(list: readonly unknown[], run: CoercionRun): readonly unknown[] {
    let copy: unknown[] | undefined;
    for (let index = 0; index < list.length; index++) {
      const coerce = nodeAt(index)?.coerce;
      if (coerce === undefined) continue;
      const item = coerce(list[index], run);
      if (Object.is(item, list[index])) continue;
      copy ??= [...list];
      copy[index] = item;
    }
    return copy ?? list;
  }

  return {
    coerce(value, run) {
      if (Array.isArray(value)) return coerceItems(value, run);
      const { losesLists, emptyObjectIs } = run.ambiguity;
      if (emptyObjectIs === 'text' && value === '' && !takesEmptyText) return [];
      return losesLists && value !== undefined && value !== null ? coerceItems([value], run) : value;
    },
    explain(value, search) {
      if (!Array.isArray(value)) return;
      for (let index = 0; index < value.length && !search.isFull; index++) {
        const node = nodeAt(index);
        if (node) search.within(index, node.explain, value[index]);
      }
    },
  };
}
