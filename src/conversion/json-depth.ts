/** How many objects and lists of JSON may stand in one another. */
export const maxJsonDepth = 50_000;

const quote = 0x22;
const backslash = 0x5c;
const openingBracket = 0x5b;
const closingBracket = 0x5d;
const openingBrace = 0x7b;
const closingBrace = 0x7d;

/**
 * Whether a JSON text is nested deeper than it may be. `JSON.parse` has no limit of its own, and takes ten times as long
 * for brackets that stand in one another as for others.
 *
 * @param bytes well-formed or not
 */
export function isDeepJson(bytes: Uint8Array): boolean {
  if (bytes.length <= maxJsonDepth) return false;
  let depth = 0;
  let isInText = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === quote) isInText = !isInText;
    else if (isInText) {
      if (byte === backslash) index++;
    } else if (byte === openingBracket || byte === openingBrace) {
      if (++depth > maxJsonDepth) return true;
    } else if (byte === closingBracket || byte === closingBrace) depth--;
  }
  return false;
}
