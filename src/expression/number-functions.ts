import { isExactNumber } from '../schema/large-integers.ts';
import { readBigInt } from '../schema/read-number.ts';
import { ExpressionError } from './expression-error.ts';
import { type Definition, standardFunction } from './jsonata-internals.ts';

// An integer beyond 2^53 is a BigInt of which JSONata knows nothing: it is passed on, compared for equality and made a
// text. JSONata computes with doubles, so everything else is an error, and never a wrong result.

/** A number as it is, unless it is an integer that may have been rounded. */
export function exact(value: unknown): unknown {
  if (typeof value !== 'number' || isExactNumber(value) || !Number.isFinite(value)) return value;
  throw new ExpressionError(
    'it computes an integer beyond 2^53, which would be rounded; let a function or a service compute it with BigInts',
  );
}

/** A BigInt as true, for JSONata takes it for false. */
export function truth(value: unknown): unknown {
  return typeof value === 'bigint' ? value !== 0n : value;
}

/** `$number`: exact also for the digits of an integer beyond 2^53, of which it makes a BigInt. */
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

function standard(name: string): (...args: readonly unknown[]) => unknown {
  return (standardFunction(name) as Definition).implementation as (...args: readonly unknown[]) => unknown;
}
