/** The markers of a date picture, such as `[Y0001]` or `[MNn,*-3]`. */
const markers = /\[[^\]]*\]/g;

/** The number of pictures that are remembered. Most are written in expressions, and few. */
const maxRemembered = 100;

/** Remembers the results of a function for the last pictures. */
function remembered(compute: (picture: string) => number): (picture: string) => number {
  const known = new Map<string, number>();
  return (picture) => {
    let result = known.get(picture);
    if (result === undefined) {
      result = compute(picture);
      if (known.size >= maxRemembered) known.clear();
      known.set(picture, result);
    }
    return result;
  };
}

/** Returns the sum of the widths in a date picture: the length to which JSONata pads numbers. */
export const widthsIn = remembered((picture) => {
  let sum = 0;
  for (const [marker] of picture.matchAll(markers)) {
    // JSONata ignores white space in a marker.
    const [, ...widths] = marker.replace(/\s+/g, '').split(',');
    for (const [digits] of (widths.at(-1) ?? '').matchAll(/\d+/g)) sum += Number(digits);
  }
  return sum;
});

/** Returns the number of places where two parts of any length have no separator between them. */
const jointsIn = remembered((picture) => {
  const between = picture.split(markers).slice(1, -1);
  const separator = /w/i.test(picture) ? /[^\w\s,-]/ : /[^A-Za-z0-9]/;
  return between.filter((literal) => !separator.test(literal)).length;
});

/** The number of steps up to which a match is fast. */
const harmlessSteps = 100_000;

/**
 * Returns whether reading a date can take a time out of proportion to its text. JSONata makes a regular expression of
 * the picture. If several parts of any length have no separator between them, each can end at each character.
 */
export function canBacktrack(picture: string, text: string): boolean {
  return text.length ** (jointsIn(picture) + 1) > harmlessSteps;
}
