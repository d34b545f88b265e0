import type { Fault } from '../errors.ts';
import { type Ambiguity, CoercionRun } from './coercion-run.ts';
import type { CompiledType } from './compiled-type.ts';
import { FaultSearch } from './fault-search.ts';
import { coerced } from './node-scope.ts';
import { tooDeep, withinStack } from './schema-check.ts';

/** What is known of a value beside the value. */
export interface ConversionHints {
  /**
   * Text of this value may be JSON: a header that holds JSON text becomes an object or a list where the type is one, and
   * loses its quotes where it fits without them alone.
   */
  readonly jsonText?: boolean;
  /** The media type that the value was decoded from, where there is one. */
  readonly contentType?: unknown;
  /** `__TypeId__` of the message, whatever stood there. */
  readonly typeId?: unknown;
  /** Whether PHP wrote it, whose empty arrays and lists with gaps look alike in JSON, whatever they are meant as. */
  readonly fromPhp?: boolean;
}

/** A type, compiled once, to which values are converted. */
export interface PreparedType<T> {
  /** Whether it was made with `Type.Optional`: undefined is then taken, and stays so. */
  readonly optional: boolean;
  /** Whether it takes null. */
  readonly nullable: boolean;
  /** Whether the value is to be a list. */
  readonly isArray: boolean;
  /** Whether all items of that list are lists; undefined where some are, or where it cannot be told. */
  readonly itemsAreLists: boolean | undefined;
  /** A few words for the list of endpoints: `string`, `ExecutorId`, `object { personId, amount }`. */
  readonly description: string;
  /**
   * Checks the value. If it does not fit, coerces a copy without loss, runs type converters, and checks again. A value
   * that fits is returned itself.
   *
   * @param refuse makes the error out of all faults
   * @throws what `refuse` makes, with what a type converter threw as its cause; a LittoralError of a type converter
   */
  convert(value: unknown, hints: ConversionHints, refuse: (faults: readonly Fault[]) => Error): T;
}

/** What is known of the value by the time it turns out not to fit. */
export interface Circumstances {
  readonly ambiguity: Ambiguity;
  readonly jsonText: boolean;
}

/**
 * Converts a value that does not fit its type.
 *
 * @throws what `refuse` makes, or the LittoralError of a type converter
 */
export function coerceTo(
  type: CompiledType,
  value: unknown,
  { ambiguity, jsonText }: Circumstances,
  refuse: (faults: readonly Fault[]) => Error,
): unknown {
  const run = new CoercionRun(ambiguity);
  const result = withinStack(() => coerced(type, value, run), beyondStack);
  if (result === beyondStack) throw refuse(tooDeep);
  if (type.check(result)) return result;
  const parsed = jsonText ? parseJson(value) : undefined;
  if (parsed !== undefined) {
    return type.check(parsed) ? parsed : coerceTo(type, parsed, { ambiguity, jsonText: false }, refuse);
  }
  if (run.refusal) throw run.refusal;
  throw withCause(refuse(withinStack(() => faultsOf(type, result, ambiguity), tooDeep)), run.cause);
}

const beyondStack = Symbol('beyond the stack');

function faultsOf(type: CompiledType, value: unknown, ambiguity: Ambiguity): readonly Fault[] {
  const search = new FaultSearch(ambiguity);
  type.explain(value, search);
  return search.faults.length > 0 ? search.faults : type.faults(value);
}

function withCause(error: Error, cause: unknown): Error {
  if (cause === undefined || error.cause !== undefined) return error;
  return Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
}

/** The object, list or text that a text of JSON stands for. */
function parseJson(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{"]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
