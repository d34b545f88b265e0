import { canBacktrack } from '../schema/regex-hazard.ts';
import { regexTimeMs, withinRegexTime } from '../schema/regex-time.ts';
import { ExpressionError } from './expression-error.ts';

/** A match in the form that JSONata reads. */
interface Match {
  readonly match: string;
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
  /** Returns the next match. */
  next(): Match | undefined;
}

/** Returns the first match in a text. */
export type Matcher = (text: string) => Match | undefined;

/** A function that returns the first match at or behind an index of the text; null if there is none. */
type Find = (from: number) => RegExpExecArray | null;

/**
 * Makes the function that represents a regular expression inside an evaluation. JSONata's own keeps its position in one
 * object, so concurrent or nested uses would corrupt each other's results.
 */
export function matcherOf(pattern: RegExp): Matcher {
  return (text) => {
    const find = canBacktrack(pattern, text.length) ? findInBatches(pattern, text) : findDirectly(pattern, text);
    const matchAt = (from: number): Match | undefined => {
      const found = find(from);
      if (found === null) return undefined;
      const [match, ...groups] = found;
      const end = found.index + match.length;
      return { match, start: found.index, end, groups, next: () => matchBehind(end) };
    };
    const matchBehind = (from: number): Match | undefined => {
      if (from >= text.length) return undefined;
      const next = matchAt(from);
      // As in JSONata, an empty match is an error, because the search would never end.
      if (next?.match === '') throw { code: 'D1004' };
      return next;
    };
    return matchAt(0);
  };
}

function findDirectly(pattern: RegExp, text: string): Find {
  const regex = new RegExp(pattern);
  return (from) => {
    regex.lastIndex = from;
    return regex.exec(text);
  };
}

const largestBatch = 512;

/**
 * Finds several matches within one time limit, because setting up a limit costs as much as matching a thousand
 * characters.
 */
function findInBatches(pattern: RegExp, text: string): Find {
  const find = findDirectly(pattern, text);
  const known = new Map<number, RegExpExecArray | null>();
  let batch = 1;
  return (from) => {
    if (!known.has(from)) {
      known.clear();
      const remember = () => {
        for (let at = from; known.size < batch; ) {
          const found = find(at);
          known.set(at, found);
          if (found === null || found[0] === '') return;
          at = found.index + found[0].length;
        }
      };
      if (!withinRegexTime(remember, () => known.size > 0)) {
        throw new ExpressionError(
          `a regular expression in it took longer than ${regexTimeMs} ms to find a match; nested quantifiers such as (a+)+ can`,
        );
      }
      batch = Math.min(batch * 4, largestBatch);
    }
    return known.get(from) ?? null;
  };
}
