import type { Coerce } from './coercion-run.ts';

export interface ListCoercers {
  /** Of the first items, one each; undefined for one that nothing is done about. */
  readonly first: readonly (Coerce | undefined)[];
  /** Of all others. */
  readonly rest: Coerce | undefined;
  /** Whether an item can be an empty text. */
  readonly takesText: boolean;
}

/** Coerces the items of a list. A single item becomes a list of one only where its media type cannot tell the two apart. */
export function listCoercer({ first, rest, takesText }: ListCoercers): Coerce {
  const items: Coerce = (value, run) => {
    const list = value as readonly unknown[];
    let copy: unknown[] | undefined;
    for (let index = 0; index < list.length; index++) {
      const coerce = index < first.length ? first[index] : rest;
      if (coerce === undefined) continue;
      const item = run.within(index, coerce, list[index]);
      if (!Object.is(item, list[index])) {
        copy ??= [...list];
        copy[index] = item;
      }
    }
    return copy ?? list;
  };
  return (value, run) => {
    if (Array.isArray(value)) return items(value, run);
    const { losesLists, emptyObjectIs } = run.ambiguity;
    if (emptyObjectIs === 'text' && value === '' && !takesText) return [];
    return losesLists && value !== undefined && value !== null ? items([value], run) : value;
  };
}
