import { refineFormat } from './bounded-formats.ts';
import { refineBigInts } from './bounded-integers.ts';
import { mergeLiterals, refineLiterals } from './bounded-literals.ts';
import { divideUnion, maxTried } from './divided-unions.ts';
import { guardOf } from './key-guard.ts';
import { addRefinement, type KeywordRefinement } from './refinement.ts';
import { anyKey, timedPattern } from './safe-patterns.ts';
import { type Definitions, keywordsOf, mapParts } from './schema-keywords.ts';
import { areUnique } from './unique-items.ts';

const known = new WeakMap<object, object>();

/**
 * Replaces the keywords of a schema whose check could take very long for a hostile value: each `pattern` and each
 * pattern of keys that can backtrack, `uniqueItems`, slow formats, many literals, and limits that are BigInts. The pattern
 * of a record's keys becomes one that every key matches.
 *
 * @returns the same schema if it has none of these
 */
export function withBoundedKeywords<Type extends object>(schema: Type): Type {
  const bounded = known.get(schema) ?? replaced(schema);
  known.set(schema, bounded);
  return bounded as Type;
}

/** Replaces the keywords of schemas by their names. */
export function withBoundedDefinitions(definitions: Definitions): Definitions {
  const bounded = known.get(definitions) ?? mapValues(definitions);
  known.set(definitions, bounded);
  return bounded as Definitions;
}

function mapValues(definitions: Definitions): Definitions {
  const entries = Object.entries(definitions);
  // A definition can be a boolean.
  return Object.fromEntries(
    entries.map(([name, schema]) => [name, typeof schema === 'object' ? withBoundedKeywords(schema) : schema]),
  );
}

function replaced(schema: object): object {
  const unions = boundUnions(schema);
  const parts = withWholeKeys(schema, mapParts({ ...schema, ...unions }, withBoundedKeywords));
  const timed = timedPattern((schema as { readonly pattern?: unknown }).pattern);
  const refinements = [
    ...refineUniqueItems(schema),
    ...refineLiterals(schema),
    ...refineBigInts(schema),
    ...refineFormat(schema),
  ];
  const changes = { ...unions, ...parts, ...(timed && { pattern: timed }) };
  const isUnchanged = refinements.length === 0 && Object.keys(changes).length === 0;
  return guarded(isUnchanged ? schema : changedCopy(schema, changes, refinements));
}

/** Returns the unions of a schema, with fewer branches to try for a value. */
function boundUnions(schema: object): Record<string, unknown> {
  const { anyOf, oneOf } = keywordsOf(schema);
  return { ...boundBranches('anyOf', anyOf), ...boundBranches('oneOf', oneOf) };
}

function boundBranches(keyword: 'anyOf' | 'oneOf', branches: unknown): Record<string, unknown> {
  if (!Array.isArray(branches) || branches.length <= maxTried) return {};
  const merged = mergeLiterals(branches, keyword === 'oneOf') ?? branches;
  const divided = divideUnion(merged) ?? merged;
  return divided === branches ? {} : { [keyword]: divided };
}

function changedCopy(
  schema: object,
  changes: Readonly<Record<string, unknown>>,
  refinements: readonly KeywordRefinement[],
): object {
  // TypeBox's internal fields are not enumerable.
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema));
  for (const [keyword, value] of Object.entries(changes)) {
    Object.defineProperty(copy, keyword, { value, enumerable: true, configurable: true, writable: true });
  }
  for (const refinement of refinements.toReversed()) {
    Reflect.deleteProperty(copy, refinement.keyword);
    addRefinement(copy, refinement);
  }
  return copy;
}

function refineUniqueItems(schema: object): KeywordRefinement[] {
  if ((schema as { readonly uniqueItems?: unknown }).uniqueItems !== true) return [];
  return [{ keyword: 'uniqueItems', check: isUniqueList, error: () => 'must not have duplicate items' }];
}

function isUniqueList(value: unknown): boolean {
  return !Array.isArray(value) || areUnique(value);
}

const withinGuard = new WeakMap<object, object>();

/** Returns the part of a schema that is checked as a whole, for a value whose keys the guard has found harmless. */
export function withoutGuard<Type extends object>(schema: Type): Type {
  return (withinGuard.get(schema) ?? schema) as Type;
}

/** Returns a schema that is checked only once a guard has found the value harmless. */
function guarded(schema: object): object {
  const guard = guardOf(withoutWholeKey(schema));
  if (guard === undefined) return schema;
  const condition: object = {};
  addRefinement(condition, { check: (value) => guard(value) === undefined, error: () => 'takes too long to check' });
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
  const wrapper = { if: condition, then: schema, else: false };
  withinGuard.set(wrapper, schema);
  return wrapper;
}

/** Returns the schema to guard. The pattern that replaces one that every key matches is fast. */
function withoutWholeKey(schema: object): object {
  const { patternProperties } = keywordsOf(schema);
  if (patternProperties === undefined || !Object.hasOwn(patternProperties, wholeKey)) return schema;
  const { [wholeKey]: _, ...others } = patternProperties;
  return { ...schema, patternProperties: others };
}

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
