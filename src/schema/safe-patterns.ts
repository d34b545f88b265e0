import { canBacktrack } from './regex-hazard.ts';
import { withinRegexTime } from './regex-time.ts';
import { keywordsOf, mapParts } from './schema-keywords.ts';

/**
 * The last text that took too long, by pattern, until the end of this turn of the event loop: a value that does not fit
 * is checked several times, by several copies of its schema.
 */
const tooLong = new Map<string, string>();

/** A regular expression that does not match a text if the search takes too long. */
class TimedRegExp extends RegExp {
  override test(text: string): boolean {
    if (!canBacktrack(this, text.length)) return super.test(text);
    if (text === tooLong.get(this.source)) return false;
    let matches = false;
    const search = () => {
      matches = super.test(text);
    };
    if (withinRegexTime(search, () => false)) return matches;
    tooLong.set(this.source, text);
    setImmediate(() => tooLong.clear());
    return false;
  }

  /** Returns what TypeBox writes into the error: the pattern as its author wrote it. */
  override toString(): string {
    return this.source;
  }
}

const known = new WeakMap<object, object>();

/** TypeBox's pattern for the keys of a record. A key with a line break does not match it. */
const anyKey = '^.*$';

/** Returns the regular expression for a pattern of keys. */
export function keyPattern(pattern: string): RegExp {
  return new RegExp(pattern, pattern === anyKey ? 'su' : 'u');
}

/**
 * Replaces each `pattern` in a schema that could take very long to match a hostile text, and the pattern of a record's
 * keys by one that every key matches.
 *
 * @param schema a schema, or schemas by their names
 * @returns the same schema if it has neither
 */
export function withSafePatterns<Type extends object>(schema: Type): Type {
  const safe = known.get(schema) ?? replaced(schema);
  known.set(schema, safe);
  return safe as Type;
}

function replaced(schema: object): object {
  const { pattern } = schema as { readonly pattern?: unknown };
  const isSchemas = pattern !== null && typeof pattern === 'object' && !(pattern instanceof RegExp);
  const timed = isSchemas ? undefined : timedPattern(pattern);
  const parts = withWholeKeys(schema, mapParts(schema, withSafePatterns));
  if (timed === undefined && parts === undefined) return schema;
  // TypeBox's internal fields are not enumerable.
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema));
  const changes = { ...parts, ...(timed && { pattern: timed }) };
  for (const [keyword, value] of Object.entries(changes)) {
    Object.defineProperty(copy, keyword, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

/** Replaces the key pattern of a record. @param parts the keywords whose schemas were replaced */
function withWholeKeys(
  schema: object,
  parts: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  const patterns = parts?.patternProperties ?? keywordsOf(schema).patternProperties;
  if (typeof patterns !== 'object' || patterns === null || !Object.hasOwn(patterns, anyKey)) return parts;
  const { [anyKey]: values, ...others } = patterns as Record<string, unknown>;
  return { ...parts, patternProperties: { ...others, '^[\\s\\S]*$': values } };
}

function timedPattern(pattern: unknown): RegExp | undefined {
  if (typeof pattern !== 'string' && !(pattern instanceof RegExp)) return undefined;
  const regex = typeof pattern === 'string' ? new TimedRegExp(pattern, 'u') : new TimedRegExp(pattern);
  return canBacktrack(regex, Number.POSITIVE_INFINITY) ? regex : undefined;
}
