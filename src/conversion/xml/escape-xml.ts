// The characters of XML 1.0 section 2.4, and the white space that sections 2.11 and 3.3.3 would normalise.
const inText: readonly (readonly [character: string, reference: string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  ['\r', '&#13;'],
];
const inAttribute = [...inText, ['\n', '&#10;'], ['\t', '&#9;']] as const;

/** Writes a text as the content of an element. */
export function escapeText(text: string): string {
  return /[&<>"'\r]/.test(text) ? escaped(text, inText) : text;
}

/** Writes a text as the value of an attribute. */
export function escapeAttribute(text: string): string {
  return /[&<>"'\r\n\t]/.test(text) ? escaped(text, inAttribute) : text;
}

/** The length of a part that is escaped at once. Escaping several megabytes at once takes five times as long. */
const partLength = 16_384;

function escaped(text: string, references: typeof inText): string {
  if (text.length <= partLength) return escapedPart(text, references);
  let result = '';
  // A surrogate pair that is split between two parts is joined again in the result.
  for (let start = 0; start < text.length; start += partLength) {
    result += escapedPart(text.slice(start, start + partLength), references);
  }
  return result;
}

function escapedPart(text: string, references: typeof inText): string {
  let result = text;
  for (const [character, reference] of references) {
    // `replaceAll` takes twice as long for a text that consists of such characters.
    if (result.includes(character)) result = result.split(character).join(reference);
  }
  return result;
}
