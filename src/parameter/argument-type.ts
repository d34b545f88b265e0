import type { ConversionHints } from '../conversion/conversion-target.ts';
import { errorMessage, type Issue, LittoralError } from '../errors.ts';
import type { TargetType, ValueOf } from '../schema/target-type.ts';
import { describeValue } from '../text/describe-value.ts';
import { cannotResolve, type ParameterSite } from './parameter-converter.ts';

/** The type of a parameter, compiled to convert values to it. */
export interface ArgumentType<Value = unknown> {
  /** True if the parameter may be undefined. */
  readonly optional: boolean;
  /** True if it may be null. */
  readonly nullable: boolean;
  /** True if it is a list. */
  readonly isArray: boolean;
  /** True if all items of that list are lists; undefined if only some are, or if it is unknown. */
  readonly itemsAreLists: boolean | undefined;
  /** See `PreparedType`. */
  readonly runsAuthorCode: boolean;
  /**
   * @param source what the value is, for the error: `the header 'executorId'`
   * @throws LittoralError `payload-refused` with every issue, what a converter of the configuration throws as its cause
   */
  convert(value: unknown, source: string, hints?: ConversionHints): Value;
}

/**
 * Compiles the type of a parameter.
 *
 * @throws TypeError when it is neither a schema nor a class that something can be converted to
 */
export function compileArgumentType<Type extends TargetType>(
  type: Type,
  site: ParameterSite,
): ArgumentType<ValueOf<Type>> {
  const { optional, nullable, isArray, itemsAreLists, runsAuthorCode, convert } = compileTarget(type, site);
  return {
    optional,
    nullable,
    isArray,
    itemsAreLists,
    runsAuthorCode,
    convert: (value, source, hints = {}) => convert(value, hints, (issues) => refused(value, source, issues, site)),
  };
}

function compileTarget<Type extends TargetType>(type: Type, site: ParameterSite) {
  try {
    return site.conversion.compileTarget(type);
  } catch (cause) {
    throw new TypeError(`${cannotResolve(site)}: ${errorMessage(cause)}`, { cause });
  }
}

/**
 * @param source what the value is
 * @returns the error of a value with these issues
 */
export function refused(value: unknown, source: string, issues: readonly Issue[], site: ParameterSite): LittoralError {
  const list = issues.map(({ path, message }) => (path === '' ? message : `${path} ${message}`)).join('; ');
  const text = `${cannotResolve(site)}: ${source} (${describeValue(value)}) does not fit: ${list}.`;
  return new LittoralError('payload-refused', text, { issues });
}

/** @throws TypeError for a type that was given and is undefined */
export function assertType(type: unknown, site: ParameterSite): void {
  if (type === undefined) throw new TypeError(`${cannotResolve(site)}: its type is undefined; ${undefinedType}.`);
}

/** The advice for an undefined type. Without the error, no value would be checked. */
export const undefinedType =
  'leave it out, or look for modules that import each other in a circle, and for a misspelt name';
