/** The text length up to which a regular expression with at most two quantifiers is always fast. */
const harmlessLength = 200;
const harmlessQuantifiers = 2;

/**
 * Returns whether matching time can grow out of proportion to the text (ReDoS): exponential if a group is repeated or
 * there is a back-reference, otherwise a power of the text's length that rises with each quantifier without an upper
 * bound.
 */
export function canBacktrack({ source }: RegExp, textLength: number): boolean {
  // Escaped characters and character classes contain no quantifiers. Back-references are kept.
  const plain = source
    .replace(/\\[1-9k]/g, '()*')
    .replace(/\\[\s\S]/g, '.')
    .replace(/\[[^\]]*\]/g, '.');
  if (/\)[*+{]/.test(plain)) return true;
  const quantifiers = plain.match(/[*+]|\{\d+,\d*\}/g)?.length ?? 0;
  return quantifiers > harmlessQuantifiers || (quantifiers > 0 && textLength > harmlessLength);
}
