import { isRecord } from './is-record.ts';

/** How lists are written in XML: in an element of their own, an `<entry>` for each item, or as elements that repeat. */
export type XmlLists = 'entry' | 'repeated';

/** The name of the element of an item, as PHP's JMS writes and reads it. */
export const entryName = 'entry';

/** The items of a list that was written with entries; undefined for any other value. */
export function entriesOf(value: unknown): readonly unknown[] | undefined {
  if (!isRecord(value) || !Object.hasOwn(value, entryName) || Object.keys(value).length !== 1) return undefined;
  const entries = value[entryName];
  return Array.isArray(entries) ? entries : [entries];
}

/** Whether objects of a type can have a field of the name that entries have. */
export function isNamedAsEntry(pattern: RegExp | string): boolean {
  return typeof pattern === 'string' ? pattern === entryName : pattern.test(entryName);
}
