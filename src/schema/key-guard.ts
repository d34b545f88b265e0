import { isRecord } from './is-record.ts';
import {
  countKeyTests,
  countNotes,
  isFastFor,
  maxKeyTests,
  maxNotes,
  spentSearchMs,
  TimedRegExp,
  timedPattern,
} from './safe-patterns.ts';
import { keywordsOf } from './schema-keywords.ts';

/** The time of all searches in the keys of one object, in milliseconds. */
const maxKeysMs = 20;
/** The number of patterns up to which the keys of one payload are always few enough. */
const fewPatterns = 2;
/** Maximum number of fields of an object with `unevaluatedProperties`, each of which is noted in several sets. */
export const maxNotedFields = 20_000;
/** Maximum number of items of a list with `unevaluatedItems`. */
export const maxNotedItems = 100_000;

/** A check of a value that its schema would take too long to check. It returns the reason; undefined if there is none. */
export type Guard = (value: unknown) => string | undefined;

/** Returns the guard of a schema; undefined for a schema that is fast for every value. */
export function guardOf(schema: object): Guard | undefined {
  const { patternProperties } = keywordsOf(schema);
  // Schemas by their names can have one of that name.
  const isNamed = typeof patternProperties !== 'object' || patternProperties === null || '~kind' in patternProperties;
  const patterns = isNamed ? [] : Object.keys(patternProperties);
  const guards = [guardOfPatterns(patterns), ...guardsOfNotes(schema)].filter((guard) => guard !== undefined);
  if (guards.length === 0) return undefined;
  return (value) => {
    for (const guard of guards) {
      const reason = guard(value);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };
}

/** The error of an object whose keys take too long. */
const slowKeys = 'has keys that take too long to match the patterns of its type';
const tooManyKeys = `has too many keys for the patterns of its type: more than ${maxKeyTests} in all, a key counted for each pattern`;

/** Guards the patterns of keys. TypeBox compiles them itself, so it must not get a key that would hold the process. */
function guardOfPatterns(patterns: readonly string[]): Guard | undefined {
  const timed = patterns.map(timedPattern).filter((pattern) => pattern instanceof TimedRegExp);
  if (timed.length === 0 && patterns.length <= fewPatterns) return undefined;
  return (value) => {
    if (!isRecord(value)) return undefined;
    const keys = Object.keys(value);
    if (patterns.length > fewPatterns && !countKeyTests(keys.length * patterns.length)) return tooManyKeys;
    const before = spentSearchMs();
    return keys.every((key) => timed.every((pattern) => isFast(pattern, key, before))) ? undefined : slowKeys;
  };
}

function isFast(pattern: RegExp, key: string, before: number): boolean {
  return isFastFor(pattern, key) && spentSearchMs() - before < maxKeysMs;
}

const tooManyNotes = `is one of too many objects of a type with unevaluatedProperties: they have more than ${maxNotes} fields in all, each object counted as one more`;

function guardsOfNotes(schema: object): Guard[] {
  const guards: Guard[] = [];
  if ('unevaluatedProperties' in schema) {
    guards.push((value) => {
      if (!isRecord(value)) return undefined;
      const count = Object.keys(value).length;
      if (count > maxNotedFields) {
        return `has more than ${maxNotedFields} fields, the most for a type with unevaluatedProperties`;
      }
      return countNotes(count + 1) ? undefined : tooManyNotes;
    });
  }
  if ('unevaluatedItems' in schema) {
    guards.push((value) =>
      Array.isArray(value) && value.length > maxNotedItems
        ? `has more than ${maxNotedItems} items, the most for a type with unevaluatedItems`
        : undefined,
    );
  }
  return guards;
}
