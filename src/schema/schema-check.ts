import type { TSchema } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import { Build, Check, Errors } from 'typebox/schema';
import { Settings } from 'typebox/system';
import type { Issue } from '../errors.ts';
import { listed } from '../text/listed.ts';
import { shorten } from '../text/shorten.ts';
import { withBoundedDefinitions, withBoundedKeywords, withoutGuard } from './bounded-keywords.ts';
import { maxIssues, maxPathLength } from './issue-collector.ts';
import { rememberingChecks, withRememberedReferences } from './remembered-checks.ts';
import { type Schema, type StaticOf, withoutBoolean } from './schema.ts';
import type { Definitions } from './schema-keywords.ts';

export type { Schema };

/** A TypeBox schema, compiled once. */
export interface SchemaCheck<Type> {
  check(value: unknown): value is Type;
  /** Every issue with its path, up to fifty; empty for a value that passes. */
  issues(value: unknown): Issue[];
}

/** @param definitions schemas that `schema` refers to by name and does not hold itself */
export function compileSchema<Type extends TSchema>(
  given: Type,
  definitions: Readonly<Record<string, TSchema>> = {},
): SchemaCheck<StaticOf<Type>> {
  const schema = withoutBoolean(given) as Type;
  const remembering = withRememberedReferences(schema, definitions as Definitions, compiled);
  const { check, errors } = remembering === undefined ? compiled(schema, definitions) : compiled(remembering);
  const isRemembering = remembering !== undefined || holdsUniqueLists([schema, definitions]);
  const within = isRemembering ? rememberingChecks : atOnce;
  return {
    check(value): value is StaticOf<Type> {
      return withinStack(() => within(() => check(value)), false);
    },
    issues(value) {
      return withinStack(() => within(() => toIssues(() => errors(value))), tooDeep);
    },
  };
}

interface Compiled {
  readonly check: (value: unknown) => boolean;
  readonly errors: (value: unknown) => TLocalizedValidationError[];
}

function compiled(given: TSchema, givenDefinitions: Readonly<Record<string, TSchema>> = {}): Compiled {
  const schema = withBoundedKeywords(given);
  const definitions = withBoundedDefinitions(givenDefinitions as Definitions);
  // TypeBox's generated code writes a BigInt literal as a number, which is rounded and never equals a BigInt.
  if (holdsBigInt([schema, definitions])) {
    return {
      check: (value) => Check(definitions, schema, value),
      errors: (value) => errorsOf(definitions, schema, value),
    };
  }
  // `typebox/compile` does the same, but loads all operations on values as well, which doubles the time to load it.
  const evaluated = Build(definitions, schema).Evaluate();
  const isAccelerated = evaluated.IsAccelerated();
  return {
    check: (value) => evaluated.Check(value),
    errors: (value) => (isAccelerated && evaluated.Check(value) ? [] : errorsOf(definitions, schema, value)),
  };
}

function errorsOf(
  definitions: Readonly<Record<string, TSchema>>,
  schema: TSchema,
  value: unknown,
): TLocalizedValidationError[] {
  const [, errors] = Errors(definitions, schema, value);
  return errors;
}

function atOnce<Result>(work: () => Result): Result {
  return work();
}

/** Returns whether a BigInt stands anywhere in a schema, such as a minimum or a literal. */
function holdsBigInt(part: unknown): boolean {
  return someWithin(part, (inner) => typeof inner === 'bigint');
}

/** Returns whether any list of a schema needs unique items, which are compared once for all nested lists. */
function holdsUniqueLists(part: unknown): boolean {
  return someWithin(part, (inner) => typeof inner === 'object' && inner !== null && 'uniqueItems' in inner);
}

function someWithin(part: unknown, matches: (part: unknown) => boolean, seen = new Set<unknown>()): boolean {
  if (matches(part)) return true;
  if (typeof part !== 'object' || part === null || seen.has(part)) return false;
  seen.add(part);
  return Object.values(part).some((inner) => someWithin(inner, matches, seen));
}

/** Returns the issues of a value by a schema that is used too rarely to compile it. */
export function issuesBySchema(
  schema: TSchema,
  definitions: Readonly<Record<string, TSchema>>,
  value: unknown,
): readonly Issue[] {
  const bounded = withBoundedDefinitions(definitions as Definitions);
  return toIssues(() => errorsOf(bounded, withoutGuard(withBoundedKeywords(schema)), value));
}

function toIssues(find: () => TLocalizedValidationError[]): Issue[] {
  const errors = withMaxErrors(find);
  return errors.map((error) => ({ path: shorten(error.instancePath, maxPathLength), message: describeError(error) }));
}

/** Rewords TypeBox's two errors for an unknown property into one. */
export function plainIssues(issues: readonly Issue[]): readonly Issue[] {
  return issues
    .filter(({ message }) => message !== 'must not have additional properties')
    .map((issue) => (issue.message === 'schema is false' ? { ...issue, message: 'is not expected' } : issue));
}

/** Returns whether a value passes. A refinement of the schema that throws counts as a failed check. */
export function passes({ check }: Pick<SchemaCheck<unknown>, 'check'>, value: unknown): boolean {
  try {
    return check(value);
  } catch {
    return false;
  }
}

/** Returns whether a value can be a schema. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const tooDeep: Issue[] = [{ path: '', message: 'is nested too deeply' }];

/** Runs a recursive walk through a value. If the value is too deep for the stack, only this value fails. */
export function withinStack<Result>(walk: () => Result, otherwise: Result): Result {
  try {
    return walk();
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
}

/** Runs some work with a higher limit of errors. TypeBox stops at eight, by a setting that the whole process shares. */
function withMaxErrors<Result>(work: () => Result): Result {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: maxIssues });
  try {
    return work();
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** Adds the permitted values to an error, which TypeBox does not name. They are part of the schema, so no secret. */
function describeError({ keyword, params, message }: TLocalizedValidationError): string {
  if (keyword === 'const') return `must be ${String(params.allowedValue)}`;
  return keyword === 'enum' ? `must be one of ${listed(params.allowedValues.map(String))}` : message;
}
