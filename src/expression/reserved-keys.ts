/**
 * The properties by which JSONata recognises its own functions and sequences. In data they are only keys, so they are
 * renamed inside an evaluation. An expression reads them by their own names, but not with `$lookup`; a result has their
 * own names again.
 */
const reservedKeys: ReadonlySet<string> = new Set([
  '_jsonata_lambda',
  '_jsonata_function',
  'tupleStream',
  'outerWrapper',
]);

// A character of the private use area that JSON does not escape, so that it can be found in a result of $string().
const mark = '\uE000littoral\uE000';

export function isReservedKey(key: string): boolean {
  return reservedKeys.has(key);
}

/** Returns the name of a key inside an evaluation. */
export function hideKey(key: string): string {
  return reservedKeys.has(key) ? mark + key : key;
}

/** Reverses `hideKey` in a text that can contain such a key. */
export function revealKeys(text: string): string {
  return text.includes(mark) ? text.replaceAll(mark, '') : text;
}
