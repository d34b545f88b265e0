/** The number of steps up to which one search is fast: some milliseconds. */
const harmlessSteps = 8_000_000;

/** The text length up to which an exponential number of steps is small. */
const harmlessGroupLength = 12;
/** Each optional part can double the number of steps. */
const maxOptional = 12;

const known = new Map<string, number>();

/**
 * Returns whether matching time can grow out of proportion to the text (ReDoS): exponential if a group is repeated or
 * there is a back-reference, otherwise a power of the text's length that rises with each quantifier without an upper
 * bound.
 */
export function canBacktrack(regex: RegExp, textLength: number): boolean {
  return textLength > harmlessLength(regex);
}

/** Returns the length of the longest texts that a regular expression always matches fast. */
export function harmlessLength({ source, multiline }: RegExp): number {
  const length = known.get(source) ?? computedLength(source, multiline);
  if (!multiline) known.set(source, length);
  return length;
}

function computedLength(source: string, multiline: boolean): number {
  // Escaped characters and character classes contain no quantifiers. Back-references are kept.
  const plain = source
    .replace(/\\[1-9k]/g, '()*')
    .replace(/\\[\s\S]/g, '.')
    .replace(/\[[^\]]*\]/g, '.');
  const optional = plain.match(/(?<![*+?}(])\?/g)?.length ?? 0;
  if (optional > maxOptional) return 0;
  if (/\)[*+{]/.test(plain)) return harmlessGroupLength;
  const quantifiers = plain.match(/[*+]|\{\d+,\d*\}/g)?.length ?? 0;
  if (quantifiers === 0) return Number.POSITIVE_INFINITY;
  const isAnchored = plain.startsWith('^') && !plain.includes('|') && !multiline;
  if (quantifiers === 1 && isAnchored) return Number.POSITIVE_INFINITY;
  // A search that is not anchored begins at each character. Of n choices of a place in the text, one in n! is in order.
  const choices = quantifiers + (isAnchored ? 0 : 1);
  return Math.floor((harmlessSteps * factorial(choices)) ** (1 / choices));
}

function factorial(number: number): number {
  return number < 2 ? 1 : number * factorial(number - 1);
}
