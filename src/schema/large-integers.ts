/** The decoded values that hold a BigInt: few do, and the others are not searched. */
const holders = new WeakSet<object>();

/** Records that a value which was just decoded holds an integer beyond 2^53, as a BigInt. Returns the value. */
export function withLargeIntegers(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) holders.add(value);
  return value;
}

/** Returns whether a value is an integer beyond 2^53, or was decoded with one in it. */
export function holdsLargeIntegers(value: unknown): boolean {
  if (typeof value === 'bigint') return !Number.isSafeInteger(Number(value));
  return typeof value === 'object' && value !== null && holders.has(value);
}

/**
 * Returns whether a number is exactly the one that it was read from. An integer beyond 2^53 may not be: its last digits
 * may have been rounded. From 1e21 on JavaScript writes all numbers with an exponent, which shows that they are
 * rounded.
 */
export function isExactNumber(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21);
}
