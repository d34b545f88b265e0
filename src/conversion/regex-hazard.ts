/** A text of so many characters cannot keep a regular expression with at most two quantifiers busy for long. */
const harmlessLength = 200;
const harmlessQuantifiers = 2;

/**
 * Returns whether matching can take a time that is out of proportion to the text (ReDoS): exponential where a group is
 * repeated or refers back to another, else a power of the text's length that grows with each quantifier without an upper
 * bound.
 */
export function canBacktrack({ source }: RegExp, textLength: number): boolean {
  // Neither escaped characters nor classes of characters hold quantifiers; what refers back is kept.
  const plain = source
    .replace(/\\[1-9k]/g, '()*')
    .replace(/\\[\s\S]/g, '.')
    .replace(/\[[^\]]*\]/g, '.');
  if (/\)[*+{]/.test(plain)) return true;
  const quantifiers = plain.match(/[*+]|\{\d+,\d*\}/g)?.length ?? 0;
  return quantifiers > harmlessQuantifiers || (quantifiers > 0 && textLength > harmlessLength);
}
