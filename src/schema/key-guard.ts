import { isRecord } from './is-record.ts';
import { isFastFor, spentSearchMs, TimedRegExp, timedPattern } from './safe-patterns.ts';

/** The time of all searches in the keys of one object, in milliseconds. */
const maxKeysMs = 20;

/** Returns whether any of several patterns of keys can take very long. */
export function needsGuard(patterns: readonly string[]): boolean {
  return patterns.some((pattern) => timedPattern(pattern) !== undefined);
}

/**
 * Returns a check that patterns match the keys of an object fast. TypeBox compiles the patterns of keys itself, so it must
 * not get a key that would hold the process.
 */
export function keyGuard(patterns: readonly string[]): (value: unknown) => boolean {
  const timed = patterns.map(timedPattern).filter((pattern) => pattern instanceof TimedRegExp);
  return (value) => {
    if (!isRecord(value)) return true;
    const before = spentSearchMs();
    return Object.keys(value).every((key) => timed.every((pattern) => isFast(pattern, key, before)));
  };
}

function isFast(pattern: RegExp, key: string, before: number): boolean {
  return isFastFor(pattern, key) && spentSearchMs() - before < maxKeysMs;
}
