import { canBacktrack, harmlessLength } from './regex-hazard.ts';
import { regexTimeMs, withinRegexTime } from './regex-time.ts';

/** Total time of all searches of one conversion after which each further search gets `littleMs`, in milliseconds. */
const generousMs = 70;
/** Total time of all searches of one conversion after which no further search runs, in milliseconds. */
const totalMs = 120;
/** Time limit of a search after `generousMs`. Fast searches still succeed, so the errors name only the slow ones. */
const littleMs = 10;
/** Duration from which the result of a search is cached, in milliseconds. */
const slowMs = 3;
/** Maximum length of a text whose search is too short to be timed. */
const untimedLength = 12;

/** The time and the counts of the searches of one conversion so far. */
class SearchTime {
  spentMs = 0;
  /** The number of keys to match so far, each counted for each pattern of keys. */
  keyTests = 0;
  /** The number of objects and fields that the check has recorded so far for `unevaluatedProperties`. */
  notes = 0;
  /** The texts that were matched so far with a format that takes long. */
  readonly formatted = { characters: 0, results: new Map<string, boolean>() };
  /**
   * The results of slow searches. A value that does not match is checked several times by several copies of its schema.
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
      // The machine may have stalled meanwhile. A second search shows the real duration.
      ms = Math.min(ms, cpuMsOf(search));
    }
    this.spentMs += ms;
    if (ms >= slowMs) this.#remember(source, text, result);
    return result;
  }

  /**
   * Runs a search with a time limit of its own. The overhead of the limit does not count, because it must not cause the
   * refusal of a long list of harmless texts.
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

/** Resets the time of the searches. Called before the conversion of another value. */
export function restartSearchTime(): void {
  time = undefined;
}

/** Returns the milliseconds that the searches of the conversion have taken. */
export function spentSearchMs(): number {
  return time?.spentMs ?? 0;
}

/** Maximum number of keys of a conversion. A key counts once for each pattern with which it is matched. */
export const maxKeyTests = 100_000;

/** Resets the number of keys. Called before the value is checked again to explain its refusal. */
export function restartKeyTests(): void {
  if (time) time.keyTests = 0;
}

/** Counts keys before they are matched with patterns. @returns false if the conversion has too many keys in total */
export function countKeyTests(count: number): boolean {
  const searches = searchTime();
  searches.keyTests += count;
  return searches.keyTests <= maxKeyTests;
}

/** Maximum number of objects and fields that one check records for `unevaluatedProperties`. */
export const maxNotes = 30_000;

/** Resets the number of recorded objects and fields. Called before another check of the value. */
export function restartNotes(): void {
  if (time) time.notes = 0;
}

/** Runs a further check of a part of the value, whose keys, objects and fields do not count for the whole value. */
export function countedApart<Result>(check: () => Result): Result {
  const { keyTests, notes } = time ?? { keyTests: 0, notes: 0 };
  restartKeyTests();
  restartNotes();
  try {
    return check();
  } finally {
    if (time) Object.assign(time, { keyTests, notes });
  }
}

/** Maximum number of characters that one conversion matches with formats that take long. */
export const maxFormatted = 100_000;

/**
 * Returns whether a text is of a format that takes long. A text is matched once in a conversion, and not at all after
 * texts of `maxFormatted` characters.
 */
export function isFormatted(format: string, text: string, test: (text: string) => boolean): boolean {
  const { formatted } = searchTime();
  const key = `${format} ${text}`;
  const known = formatted.results.get(key);
  if (known !== undefined) return known;
  formatted.characters += text.length;
  const result = formatted.characters <= maxFormatted && test(text);
  if (formatted.characters <= maxFormatted) formatted.results.set(key, result);
  return result;
}

/** Returns whether a text of a format that takes long was not matched, because of the texts before it. */
export function isUnmatched(format: string, text: string): boolean {
  const { characters, results } = searchTime().formatted;
  return characters > maxFormatted && !results.has(`${format} ${text}`);
}

/** Counts objects and fields before they are recorded. @returns false if the check has too many in total */
export function countNotes(count: number): boolean {
  const searches = searchTime();
  searches.notes += count;
  return searches.notes <= maxNotes;
}

/** Returns whether the search for a pattern in a text is fast. The text need not match. */
export function isFastFor(pattern: RegExp, text: string): boolean {
  pattern.test(text);
  return time?.resultOf(pattern, text) === undefined && spentSearchMs() < totalMs;
}

function searchTime(): SearchTime {
  if (time === undefined) {
    time = new SearchTime();
    // Outside of a conversion, for example in a check at start, the limit applies to one turn of the event loop.
    setImmediate(restartSearchTime);
  }
  return time;
}

/**
 * A regular expression that does not match a text if the search takes too long, or if the earlier searches of the same
 * conversion have used up the time.
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

  /** Returns the pattern as its author wrote it. TypeBox writes this text into its error. */
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

/** TypeBox's pattern for any key of a record. A key with a line break does not match it. */
export const anyKey = '^.*$';

/** The regular expression for that pattern, which every key matches. */
export const everyKey = /^.*$/su;

/** Returns the regular expression for a pattern of keys. */
export function keyPattern(pattern: string): RegExp {
  return pattern === anyKey ? everyKey : (timedPattern(pattern) ?? new RegExp(pattern, 'u'));
}
