// Control characters, characters that change the direction of writing, and lone surrogates. They could make the
// terminal show another text than the message contains.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Escapes a text of a message for one line of a terminal. */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** Escapes a text of a message for a terminal. Keeps its line breaks and tabs. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
}

/** Writes JSON for a terminal. JSON itself escapes only some of these characters. */
export function printableJson(value: unknown, indent = 0): string {
  return printableLines(JSON.stringify(value, undefined, indent));
}

// The escapes are those of JSON, so that a text in JSON keeps its value.
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
