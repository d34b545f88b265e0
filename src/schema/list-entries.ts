import { isRecord } from './is-record.ts';

/** The form of lists in XML: an element with an `<entry>` for each item, or repeated elements. */
export type XmlLists = 'entry' | 'repeated';

/** The name of the element of an item, as PHP's JMS writes and reads it. */
export const entryName = 'entry';

/** Returns the items of a list that was written with entries; undefined for any other value. */
export function entriesOf(value: unknown): readonly unknown[] | undefined {
  if (!isRecord(value) || !Object.hasOwn(value, entryName) || Object.keys(value).length !== 1) return undefined;
  const entries = value[entryName];
  return Array.isArray(entries) ? entries : [entries];
}

/** Returns whether objects of a type can have a field with the name of an entry. */
export function isNamedAsEntry(pattern: RegExp | string): boolean {
  return typeof pattern === 'string' ? pattern === entryName : pattern.test(entryName);
}
