/** The markers of a date picture, such as `[Y0001]` or `[MNn,*-3]`. */
const markers = /\[[^\]]*\]/g;

/** Returns the sum of the widths in a date picture: the length to which JSONata pads numbers. */
export function widthsIn(picture: string): number {
  let sum = 0;
  for (const [marker] of picture.matchAll(markers)) {
    // JSONata ignores white space in a marker.
    const [, ...widths] = marker.replace(/\s+/g, '').split(',');
    for (const [digits] of (widths.at(-1) ?? '').matchAll(/\d+/g)) sum += Number(digits);
  }
  return sum;
}

/** The number of steps up to which a match is fast. */
const harmlessSteps = 100_000;

/**
 * Returns whether reading a date can take out of proportion to its text. JSONata makes a regular expression of the
 * picture: of several parts of any length without a separator between them, each can end at each character.
 */
export function canBacktrack(picture: string, text: string): boolean {
  const between = picture.split(markers).slice(1, -1);
  const separator = /w/i.test(picture) ? /[^\w\s,-]/ : /[^A-Za-z0-9]/;
  const joints = between.filter((literal) => !separator.test(literal)).length;
  return text.length ** (joints + 1) > harmlessSteps;
}
