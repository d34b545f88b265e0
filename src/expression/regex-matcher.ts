/** What JSONata wants of a match. */
interface Match {
  readonly match: string;
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
  /** The match behind this one. */
  next(): Match | undefined;
}

/** Looks for the first match in a text. */
export type Matcher = (text: string) => Match | undefined;

/**
 * Makes the function that a regular expression is inside an evaluation. JSONata's own keeps its place in the text in one
 * object, so that uses of it at the same time, or inside each other, spoil each other's results.
 */
export function matcherOf(pattern: RegExp): Matcher {
  const regex = new RegExp(pattern);
  return (text) => {
    const find = (from: number): Match | undefined => {
      regex.lastIndex = from;
      const found = regex.exec(text);
      if (found === null) return undefined;
      const [match, ...groups] = found;
      const end = found.index + match.length;
      return { match, start: found.index, end, groups, next: () => findNext(end) };
    };
    const findNext = (from: number): Match | undefined => {
      if (from >= text.length) return undefined;
      const next = find(from);
      // As JSONata has it: it would never come to an end.
      if (next?.match === '') throw { code: 'D1004' };
      return next;
    };
    return find(0);
  };
}
