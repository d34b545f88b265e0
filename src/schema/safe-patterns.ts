import { canBacktrack, harmlessLength } from './regex-hazard.ts';
import { regexTimeMs, withinRegexTime } from './regex-time.ts';

/** The time of all searches of one conversion after which each has little time, in milliseconds. */
const generousMs = 70;
/** The time of all searches of one conversion after which there are no more, in milliseconds. */
const totalMs = 120;
/** The little time that a search has then: texts that are matched fast still are, and errors name the others only. */
const littleMs = 10;
/** The time of a search after which its result is remembered, in milliseconds. */
const slowMs = 3;
/** The text length up to which a search is too short to be timed. */
const untimedLength = 12;

/** The time that the searches of one conversion have taken so far. */
class SearchTime {
  spentMs = 0;
  /** The number of keys to match so far, each counted for each pattern of keys. */
  keyTests = 0;
  /** The number of objects and fields that were noted so far for `unevaluatedProperties`. */
  notes = 0;
  /**
   * The results of slow searches: a value that does not fit is checked several times, by several copies of its schema.
   */
  readonly #results = new Map<string, Map<string, boolean>>();

  resultOf({ source }: RegExp, text: string): boolean | undefined {
    return this.#results.size === 0 ? undefined : this.#results.get(source)?.get(text);
  }

  run({ source }: RegExp, text: string, search: () => boolean): boolean {
    const before = performance.now();
    const result = search();
    let ms = performance.now() - before;
    if (ms >= slowMs) {
      // The machine may have stalled meanwhile: the second search shows what it really costs.
      ms = Math.min(ms, cpuMsOf(search));
    }
    this.spentMs += ms;
    if (ms >= slowMs) this.#remember(source, text, result);
    return result;
  }

  /**
   * Runs a search that has a time limit of its own. The overhead of the limit does not count, because a long list of
   * harmless texts must not be refused for it.
   */
  runLimited({ source }: RegExp, text: string, search: (limitMs: number) => { matches: boolean; ms: number }): boolean {
    const { matches, ms } = search(this.spentMs < generousMs ? regexTimeMs : littleMs);
    this.spentMs += ms;
    if (ms >= slowMs) this.#remember(source, text, matches);
    return matches;
  }

  #remember(source: string, text: string, result: boolean): void {
    const results = this.#results.get(source) ?? new Map<string, boolean>();
    this.#results.set(source, results.set(text, result));
  }
}

function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

let time: SearchTime | undefined;

/** Resets the time of the searches, because the conversion of another value begins. */
export function restartSearchTime(): void {
  time = undefined;
}

/** Returns the milliseconds that the searches of the conversion have taken. */
export function spentSearchMs(): number {
  return time?.spentMs ?? 0;
}

/** Maximum number of keys of a conversion, each counted for each pattern of keys that it is matched with. */
export const maxKeyTests = 150_000;

/** Resets the number of keys, because the reasons are to be found why a value was refused. */
export function restartKeyTests(): void {
  if (time) time.keyTests = 0;
}

/** Counts keys that are to be matched with patterns. @returns false if they are too many, together with those before */
export function countKeyTests(count: number): boolean {
  const searches = searchTime();
  searches.keyTests += count;
  return searches.keyTests <= maxKeyTests;
}

/** Maximum number of objects and fields that one check notes for `unevaluatedProperties`. */
export const maxNotes = 30_000;

/** Resets the number of notes, because another check of the value begins. */
export function restartNotes(): void {
  if (time) time.notes = 0;
}

/** Counts objects and fields to note. @returns false if they are too many, together with those before */
export function countNotes(count: number): boolean {
  const searches = searchTime();
  searches.notes += count;
  return searches.notes <= maxNotes;
}

/** Returns whether a pattern is fast for a text, whether it matches or not. */
export function isFastFor(pattern: RegExp, text: string): boolean {
  pattern.test(text);
  return time?.resultOf(pattern, text) === undefined && spentSearchMs() < totalMs;
}

function searchTime(): SearchTime {
  if (time === undefined) {
    time = new SearchTime();
    // Outside of a conversion, such as in a check at start, the limit applies to one turn of the event loop.
    setImmediate(restartSearchTime);
  }
  return time;
}

/**
 * A regular expression that does not match a text if the search takes too long, or if the searches before it did in the
 * same conversion.
 */
export class TimedRegExp extends RegExp {
  override test(text: string): boolean {
    const isHarmless = text.length <= harmlessLength(this);
    if (isHarmless && text.length <= untimedLength) return super.test(text);
    const searches = searchTime();
    const known = searches.resultOf(this, text);
    if (known !== undefined) return known;
    if (searches.spentMs >= totalMs) return false;
    if (isHarmless) return searches.run(this, text, () => super.test(text));
    return searches.runLimited(this, text, (limitMs) => this.#testWithinTime(text, limitMs));
  }

  /** Returns what TypeBox writes into the error: the pattern as its author wrote it. */
  override toString(): string {
    return this.source;
  }

  #testWithinTime(text: string, limitMs: number): { matches: boolean; ms: number } {
    let matches = false;
    let ms = 0;
    const search = () => {
      ms = limitMs;
      const before = performance.now();
      matches = super.test(text);
      ms = Math.min(ms, performance.now() - before);
    };
    let isOver = false;
    const cpuMs = cpuMsOf(() => {
      isOver = withinRegexTime(search, () => false, limitMs);
    });
    return { matches: isOver && matches, ms: Math.min(ms, cpuMs) };
  }
}

/** Returns the timed form of a pattern; undefined for one that is always fast. */
export function timedPattern(pattern: unknown): RegExp | undefined {
  if (typeof pattern !== 'string' && !(pattern instanceof RegExp)) return undefined;
  const regex = typeof pattern === 'string' ? new TimedRegExp(pattern, 'u') : new TimedRegExp(pattern);
  return canBacktrack(regex, Number.POSITIVE_INFINITY) ? regex : undefined;
}

/** TypeBox's pattern for the keys of a record. A key with a line break does not match it. */
export const anyKey = '^.*$';

/** Returns the regular expression for a pattern of keys. */
export function keyPattern(pattern: string): RegExp {
  return pattern === anyKey ? /^.*$/su : (timedPattern(pattern) ?? new RegExp(pattern, 'u'));
}
