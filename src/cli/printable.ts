// Control characters, those that turn the direction of writing, lone surrogates: what would let a message write
// something else on the terminal than it says.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** A text of a message as it may be shown on a terminal, in one line. */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** The same with the lines and tabs that it has. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
}

/** JSON, which leaves some such characters as they are, in as many lines as it is asked for. */
export function printableJson(value: unknown, indent = 0): string {
  return printableLines(JSON.stringify(value, undefined, indent));
}

// As JSON escapes them, so that a text in JSON stays what it is.
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
