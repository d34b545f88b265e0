import { keyGuard, needsGuard } from './key-guard.ts';
import { anyKey, timedPattern } from './safe-patterns.ts';
import { keywordsOf, mapParts } from './schema-keywords.ts';
import { areUnique } from './unique-items.ts';

const known = new WeakMap<object, object>();

/**
 * Replaces the keywords of a schema whose check could take very long for a hostile value: each `pattern` and each
 * pattern of keys that can backtrack, and `uniqueItems`. The pattern of a record's keys becomes one that every key
 * matches.
 *
 * @param schema a schema, or schemas by their names
 * @returns the same schema if it has none of these
 */
export function withBoundedKeywords<Type extends object>(schema: Type): Type {
  const bounded = known.get(schema) ?? replaced(schema);
  known.set(schema, bounded);
  return bounded as Type;
}

function replaced(schema: object): object {
  const { pattern, uniqueItems } = schema as { readonly pattern?: unknown; readonly uniqueItems?: unknown };
  const isSchemas = pattern !== null && typeof pattern === 'object' && !(pattern instanceof RegExp);
  const timed = isSchemas ? undefined : timedPattern(pattern);
  const isUnique = uniqueItems === true;
  const parts = withWholeKeys(schema, mapParts(schema, withBoundedKeywords));
  const changes = { ...parts, ...(timed && { pattern: timed }), ...(isUnique && { uniqueItems: false }) };
  const changed = Object.keys(changes).length === 0 ? schema : changedCopy(schema, changes);
  if (isUnique) addRefinement(changed, { check: isUniqueList, error: () => 'must not have duplicate items' });
  return guarded(changed);
}

function changedCopy(schema: object, changes: Readonly<Record<string, unknown>>): object {
  // TypeBox's internal fields are not enumerable.
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema));
  for (const [keyword, value] of Object.entries(changes)) {
    Object.defineProperty(copy, keyword, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

interface Refinement {
  readonly check: (value: unknown) => boolean;
  readonly error: () => string;
}

/** Adds a check before those of the schema's author, which may rely on it. */
function addRefinement(schema: object, refinement: Refinement): void {
  const others = (schema as { readonly '~refine'?: readonly Refinement[] })['~refine'] ?? [];
  Object.defineProperty(schema, '~refine', { value: [refinement, ...others], configurable: true });
}

function isUniqueList(value: unknown): boolean {
  return !Array.isArray(value) || areUnique(value);
}

const withinGuard = new WeakMap<object, object>();

/** Returns what stands behind the guard of a schema as a whole, for a value whose keys were found harmless. */
export function withoutGuard<Type extends object>(schema: Type): Type {
  return (withinGuard.get(schema) ?? schema) as Type;
}

/** Returns a schema that looks at the keys of an object only once a guard has found them harmless. */
function guarded(schema: object): object {
  const patterns = keywordsOf(schema).patternProperties;
  // Schemas by their names can have one of that name.
  if (typeof patterns !== 'object' || patterns === null || '~kind' in patterns) return schema;
  const names = Object.keys(patterns).filter((pattern) => pattern !== wholeKey);
  if (!needsGuard(names)) return schema;
  const guard: object = {};
  addRefinement(guard, { check: keyGuard(names), error: () => slowKeys });
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
  const wrapper = { if: guard, then: schema, else: false };
  withinGuard.set(wrapper, schema);
  return wrapper;
}

/** The error of an object whose keys take too long. */
export const slowKeys = 'has keys that take too long to match the patterns of its type';

const wholeKey = '^[\\s\\S]*$';

/** Replaces the key pattern of a record. @param parts the keywords whose schemas were replaced */
function withWholeKeys(
  schema: object,
  parts: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  const patterns = parts?.patternProperties ?? keywordsOf(schema).patternProperties;
  if (typeof patterns !== 'object' || patterns === null || !Object.hasOwn(patterns, anyKey)) return parts;
  const { [anyKey]: values, ...others } = patterns as Record<string, unknown>;
  return { ...parts, patternProperties: { ...others, [wholeKey]: values } };
}
