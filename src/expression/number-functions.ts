import { isExactNumber } from '../schema/large-integers.ts';
import { readBigInt } from '../schema/read-number.ts';
import { ExpressionError } from './expression-error.ts';
import { type Definition, standardFunction } from './jsonata-internals.ts';

// An integer beyond 2^53 is a BigInt, a type that JSONata does not know. It can be passed on, compared for equality and
// turned into text. JSONata computes with doubles, so everything else is an error, and never a wrong result.

/** Returns a number as it is. Throws for an integer that may have been rounded. */
export function exact(value: unknown): unknown {
  if (typeof value !== 'number' || isExactNumber(value) || !Number.isFinite(value)) return value;
  throw new ExpressionError(
    'it computes an integer beyond 2^53, which would be rounded; let a function or a service compute it with BigInts',
  );
}

/** Replaces a BigInt by true, because JSONata takes it for false. */
export function truth(value: unknown): unknown {
  return typeof value === 'bigint' ? value !== 0n : value;
}

/** `$number`: exact also for the digits of an integer beyond 2^53, which it returns as a BigInt. */
export function toNumber(value: unknown): unknown {
  if (typeof value === 'bigint') return value;
  const number = standard('number')(value);
  if (typeof value !== 'string' || isExactNumber(number as number)) return number;
  return readBigInt(value) ?? exact(number);
}

/** `$type`. */
export function typeOf(value: unknown): unknown {
  return typeof value === 'bigint' ? 'number' : standard('type')(value);
}

/** `$boolean`. */
export function toBoolean(value: unknown): unknown {
  return standard('boolean')(Array.isArray(value) ? value.map(truth) : truth(value));
}

/** `$not`. */
export function not(value: unknown): unknown {
  const result = toBoolean(value);
  return result === undefined ? undefined : !result;
}

/** `$sum`. */
export function sum(numbers: readonly number[] | undefined): number | undefined {
  return numbers?.reduce((total, number) => exact(total + number) as number, 0);
}

/** `$average`. */
export function average(numbers: readonly number[] | undefined): number | undefined {
  if (numbers === undefined || numbers.length === 0) return undefined;
  return (sum(numbers) as number) / numbers.length;
}

/** `$count`. */
export function count(items: unknown): number {
  if (items === undefined) return 0;
  return Array.isArray(items) ? items.length : 1;
}

/** `$power`. */
export function power(base: unknown, exponent: unknown): unknown {
  return exact(standard('power')(base, exponent));
}

/** `$round`. With a precision, JSONata reads the digits of a BigInt and rounds them as a double. */
export function round(value: unknown, precision: unknown): unknown {
  if (typeof value === 'bigint') throw new TypeError('an integer beyond 2^53 cannot be rounded');
  return standard('round')(value, precision);
}

function standard(name: string): (...args: readonly unknown[]) => unknown {
  return (standardFunction(name) as Definition).implementation as (...args: readonly unknown[]) => unknown;
}
