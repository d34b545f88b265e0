/**
 * JSONata reads these properties of every object to learn whether it is one of its own functions or sequences. In data
 * they are only keys, so they go by another name inside an evaluation: an expression reads them by name as ever, but not
 * with `$lookup`, and what it makes of their names comes out with the right ones.
 */
const reservedKeys: ReadonlySet<string> = new Set([
  '_jsonata_lambda',
  '_jsonata_function',
  'tupleStream',
  'outerWrapper',
]);

// Of the private use area, and nothing that JSON escapes: the mark has to be found again in what $string() made.
const mark = '\uE000littoral\uE000';

export function isReservedKey(key: string): boolean {
  return reservedKeys.has(key);
}

/** The name that a key has inside an evaluation. */
export function hideKey(key: string): string {
  return reservedKeys.has(key) ? mark + key : key;
}

/** The opposite of `hideKey`, for every text that such a key could have become part of. */
export function revealKeys(text: string): string {
  return text.includes(mark) ? text.replaceAll(mark, '') : text;
}
