import { type Issue, isLittoralError } from '../errors.ts';
import { CoercionContext } from '../schema/coercion-context.ts';
import type { CompiledType } from '../schema/compiled-type.ts';
import { describeType } from '../schema/describe-type.ts';
import type { IssueCollector } from '../schema/issue-collector.ts';
import { coerced } from '../schema/node-scope.ts';
import { forgetChecks } from '../schema/remembered-checks.ts';
import { classOfType, type TargetType } from '../schema/target-type.ts';
import { assertNotPromise } from './assert-not-promise.ts';
import { describeTypeConverter, type TypeConverter } from './type-converter.ts';

/** A type converter with its two ends compiled. */
export interface Conversion {
  readonly converter: TypeConverter;
  readonly from: CompiledType;
  readonly to: CompiledType;
}

/** Represents the result of a converter that failed. */
export const failed = Symbol('failed');

/** Finds the first converter that takes the value as it is, or else the first that takes it after coercion. */
function findConverter(
  conversions: readonly Conversion[],
  value: unknown,
  context: CoercionContext,
): { conversion: Conversion; input: unknown } | undefined {
  const conversion = conversions.find(({ from }) => from.check(value));
  if (conversion) return { conversion, input: value };
  for (const conversion of conversions) {
    const { coerce, check } = conversion.from;
    const input = coerce ? context.attempt(coerce, value) : value;
    if (!Object.is(input, value) && check(input)) return { conversion, input };
  }
  return undefined;
}

/** Returns the result of the converters for a value, or the value itself. */
export function convertBy(conversions: readonly Conversion[], value: unknown, context: CoercionContext): unknown {
  const found = findConverter(conversions, value, context);
  if (found === undefined) return value;
  const result = apply(found.conversion, found.input, context);
  return result === failed ? value : result;
}

/** Runs a converter and checks its result. */
export function apply({ converter, to }: Conversion, value: unknown, context: CoercionContext): unknown {
  try {
    const result = converter.convert(value);
    forgetChecks();
    assertNotPromise(result, () => `The type converter from ${describeTypeConverter(converter)}`);
    const target = classOfType(converter.to);
    if (target ? result instanceof target : to.check(result)) return result;
  } catch (error) {
    if (isLittoralError(error)) context.rejection ??= error;
    else context.cause ??= error;
  }
  return failed;
}

/**
 * Explains why the converters to a type did not convert a value: the one that took it failed, or the only one does not
 * take it, or there are several, whose sources are listed. For a schema it reports only a failed converter, because the
 * schema explains the rest.
 */
export function explainConversion(
  conversions: readonly Conversion[],
  type: TargetType,
  value: unknown,
  collector: IssueCollector,
): boolean {
  const context = new CoercionContext(collector.traits);
  const found = findConverter(conversions, value, context);
  if (found) {
    if (apply(found.conversion, found.input, context) !== failed) return false;
    const name = describeTypeConverter(found.conversion.converter);
    const what = context.cause === undefined && context.rejection === undefined ? 'returned something else' : 'threw';
    collector.add([here(`could not be converted: the type converter from ${name} ${what}`)]);
    return true;
  }
  if (classOfType(type) === undefined) return false;
  const name = describeType(type);
  const [only] = conversions;
  if (only && conversions.length === 1) {
    const issues = collector.collectSeparately(only.from.explain, coerced(only.from, value, context));
    collector.add(issues.map((issue) => (issue.path === '' ? here(`${issue.message}, to become ${name}`) : issue)));
    return issues.length > 0;
  }
  const sources = new Set(conversions.map(({ converter }) => describeType(converter.from)));
  collector.add([here(`must be ${name}, or a value that is converted to it: ${[...sources].join(' or ')}`)]);
  return true;
}

function here(message: string): Issue {
  return { path: '', message };
}
