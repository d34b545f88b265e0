/** Maximum number of nested objects and lists of JSON. */
export const maxJsonDepth = 50_000;

const quote = 0x22;
const backslash = 0x5c;
const openingBracket = 0x5b;
const closingBracket = 0x5d;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
const colon = 0x3a;

/** The limits of a JSON text. */
export interface JsonLimits {
  /** Maximum number of fields of one object. A repeated field counts each time. */
  readonly maxFields: number;
}

/**
 * Returns the limit that a JSON text exceeds, the depth rather than the fields; undefined if it exceeds none.
 * `JSON.parse` has no limit of its own. It takes ten times as long for nested brackets as for others, and several times
 * as long for the fields of one object as for items.
 *
 * @param bytes well-formed or not
 */
export function exceededLimit(bytes: Uint8Array, { maxFields }: JsonLimits): 'depth' | 'fields' | undefined {
  // So few bytes can exceed neither limit.
  if (bytes.length <= maxJsonDepth) return undefined;
  /** The number of fields of the open object so far, by depth. */
  const fields: number[] = [];
  let depth = 0;
  let exceeded: 'fields' | undefined;
  let isInText = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === quote) isInText = !isInText;
    else if (isInText) {
      if (byte === backslash) index++;
    } else if (byte === openingBracket || byte === openingBrace) {
      if (++depth > maxJsonDepth) return 'depth';
      fields[depth] = 0;
    } else if (byte === closingBracket || byte === closingBrace) depth--;
    else if (byte === colon) {
      const count = (fields[depth] ?? 0) + 1;
      if (count > maxFields) exceeded = 'fields';
      fields[depth] = count;
    }
  }
  return exceeded;
}
