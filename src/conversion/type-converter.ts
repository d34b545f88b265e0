import { describeType } from '../schema/describe-type.ts';
import { isTargetType, type TargetType, type ValueOf } from '../schema/target-type.ts';

/**
 * Converts a value of one type to another: a text to an `ExecutorId`, a list to `Coordinates`, an `ExecutorId` to a
 * text. It applies wherever the type is used: in a payload, a header, a list, an object, a union.
 */
export interface TypeConverter {
  /** The source type. The value is checked and coerced to it before it is converted. */
  readonly from: TargetType;
  /** The target type. The result is checked against it. */
  readonly to: TargetType;
  /**
   * Synchronous. An error refuses the value. The caller does not see its text, unless it is a LittoralError, which is
   * passed on unchanged.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the type of `from`, which only `defineTypeConverter` can infer
  convert(value: any): unknown;
  /** A field of media type converters, by which TypeScript distinguishes the two. */
  readonly matches?: undefined;
}

/**
 * Types a type converter: the argument and the result of `convert` follow from `from` and `to`. Returns its argument.
 */
export function defineTypeConverter<const From extends TargetType, const To extends TargetType>(converter: {
  readonly from: From;
  readonly to: To;
  readonly convert: (value: ValueOf<From>) => ValueOf<To>;
}): TypeConverter {
  return converter;
}

/** Returns whether a value has the shape of a type converter. */
export function isTypeConverter(value: unknown): value is TypeConverter {
  const { from, to, convert } = (value ?? {}) as Partial<TypeConverter>;
  return isTargetType(from) && isTargetType(to) && typeof convert === 'function';
}

/** Describes a type converter for errors and lists: `string to ExecutorId`. */
export function describeTypeConverter({ from, to }: TypeConverter): string {
  return `${describeType(from)} to ${describeType(to)}`;
}
