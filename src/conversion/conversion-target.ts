import type { Issue } from '../errors.ts';
import { CoercionContext, type FormatTraits } from '../schema/coercion-context.ts';
import type { CompiledType } from '../schema/compiled-type.ts';
import { hasMoreParts } from '../schema/has-more-parts.ts';
import { IssueCollector } from '../schema/issue-collector.ts';
import { holdsLargeIntegers } from '../schema/large-integers.ts';
import { coerced } from '../schema/node-scope.ts';
import { rememberingChecks } from '../schema/remembered-checks.ts';
import { restartKeyTests, restartNotes } from '../schema/safe-patterns.ts';
import { tooDeep, withinStack } from '../schema/schema-check.ts';
import { settleUntyped, type UntypedLargeIntegers } from '../schema/untyped-integers.ts';
import { parseJson, UnreadableNumbers } from './json/parse-json.ts';

/** Facts about a value that the value itself does not show. */
export interface ConversionHints {
  /**
   * True if text of this value may be JSON: a header with JSON text becomes an object or a list where the type is one,
   * and loses its quotes where it only fits without them.
   */
  readonly jsonText?: boolean;
  /** The media type that the value was decoded from, where there is one. */
  readonly contentType?: unknown;
  /** The header `__TypeId__` of the message, which can be any value. */
  readonly typeId?: unknown;
  /**
   * True if PHP wrote it. In PHP's JSON, an empty array and a list with gaps can be meant as a list or as an object.
   */
  readonly fromPhp?: boolean;
  /** True if it was decoded with integers beyond 2^53. A setting applies to those that have no declared type. */
  readonly largeIntegers?: boolean;
}

/** A type, compiled once, to which values are converted. */
export interface ConversionTarget<T> {
  /** True if it was made with `Type.Optional`: undefined is then accepted and not changed. */
  readonly optional: boolean;
  /** True if it accepts null. */
  readonly nullable: boolean;
  /** True if the type is a list. */
  readonly isArray: boolean;
  /** True if all items of that list are lists; undefined if only some are, or if it is unknown. */
  readonly itemsAreLists: boolean | undefined;
  /** A few words for the list of endpoints: `string`, `ExecutorId`, `object { personId, amount }`. */
  readonly description: string;
  /** True if code of the type's author, a refinement, gets the value even if it fits. */
  readonly runsAuthorCode: boolean;
  /**
   * Checks the value. If it does not fit, coerces a copy without loss, runs type converters, and checks again. A value
   * that fits is returned itself.
   *
   * @param refuse makes the error out of all issues
   * @throws the error that `refuse` makes, its cause an error of a type converter; a LittoralError of a type converter
   */
  convert(value: unknown, hints: ConversionHints, refuse: (issues: readonly Issue[]) => Error): T;
}

/** Facts about a value that does not fit its type. */
export interface Circumstances {
  readonly traits: FormatTraits;
  readonly jsonText: boolean;
  readonly untypedLargeIntegers: UntypedLargeIntegers;
}

/**
 * Converts a value that does not fit its type, as a check has shown.
 *
 * @throws the error that `refuse` makes, or the LittoralError of a type converter
 */
export function coerceTo(
  type: CompiledType,
  value: unknown,
  circumstances: Circumstances,
  refuse: (issues: readonly Issue[]) => Error,
): unknown {
  return rememberingChecks(() => coercedOrRefused(type, value, circumstances, refuse));
}

function coercedOrRefused(
  type: CompiledType,
  value: unknown,
  circumstances: Circumstances,
  refuse: (issues: readonly Issue[]) => Error,
): unknown {
  const { traits, jsonText, untypedLargeIntegers } = circumstances;
  const context = new CoercionContext(traits);
  const result = withinStack(() => coerced(type, value, context), beyondStack);
  if (result === beyondStack) throw refuse(tooDeep);
  restartNotes();
  // The caller has checked the value itself.
  if (!Object.is(result, value) && type.check(result)) return result;
  const parsed = jsonText ? parseText(value, refuse) : undefined;
  if (parsed !== undefined) {
    const fitting = type.check(parsed) ? parsed : coerceTo(type, parsed, { ...circumstances, jsonText: false }, refuse);
    return holdsLargeIntegers(parsed) ? settleTyped(type, fitting, untypedLargeIntegers, refuse) : fitting;
  }
  if (context.rejection) throw context.rejection;
  throw withCause(refuse(withinStack(() => issuesOf(type, result, traits), tooDeep)), context.cause);
}

/**
 * Applies the setting for large integers to the parts of a value whose type is not declared.
 *
 * @param value fits the type
 */
export function settleTyped(
  type: CompiledType,
  value: unknown,
  rule: UntypedLargeIntegers,
  refuse: (issues: readonly Issue[]) => Error,
): unknown {
  const settled = settleUntyped(value, rule, type.claim, refuse);
  if (Object.is(settled, value) || type.check(settled)) return settled;
  throw refuse(issuesOf(type, settled, {}));
}

const beyondStack = Symbol('beyond the stack');

function issuesOf(type: CompiledType, value: unknown, traits: FormatTraits): readonly Issue[] {
  const collector = new IssueCollector(traits);
  restartKeyTests();
  restartNotes();
  type.explain(value, collector);
  if (collector.issues.length > 0) return collector.issues;
  // A reference that only TypeBox can resolve. It interprets the schema for each part, so it gets no large value.
  return hasMoreParts(value, maxInterpreted) ? [{ path: '', message: 'does not fit its type' }] : type.issues(value);
}

/** The number of parts up to which interpreting a schema for a value is fast. */
const maxInterpreted = 1_000;

function withCause(error: Error, cause: unknown): Error {
  if (cause === undefined || error.cause !== undefined) return error;
  return Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
}

/** Parses JSON text of an object, a list or a string; returns undefined for any other text. */
function parseText(value: unknown, refuse: (issues: readonly Issue[]) => Error): unknown {
  if (typeof value !== 'string' || !/^\s*[[{"]/.test(value)) return undefined;
  try {
    return parseJson(value);
  } catch (error) {
    if (error instanceof UnreadableNumbers) throw refuse(error.issues);
    return undefined;
  }
}
