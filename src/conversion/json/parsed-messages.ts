import type { ParsedJson } from './json-converter.ts';

const parsedOf = new WeakMap<object, ParsedJson>();

/** Keeps the parsed body of a message until the message is decoded. */
export function keepParsed(message: object, parsed: ParsedJson): void {
  parsedOf.set(message, parsed);
}

/** Returns the parsed body of a message, once. */
export function takeParsed(message: object): ParsedJson | undefined {
  const parsed = parsedOf.get(message);
  if (parsed !== undefined) parsedOf.delete(message);
  return parsed;
}
