/** Rounding lengthens a delay by at most this part of it, ... */
const largestShare = 1 / 256;
/** ... and by at most about this time. */
const largestUnitMs = 1024;

const highestLevel = 31;

/**
 * Cuts a delay into powers of two, each the time that a message spends on one level: level n takes 2^n ms. Rounded up,
 * because each level is one more write of the message.
 *
 * @param delayMs an integer from 1 to 30 days
 * @returns the levels, the longest first
 */
export function delayLevels(delayMs: number): number[] {
  const unitMs = 2 ** Math.floor(Math.log2(Math.min(largestUnitMs, Math.max(1, delayMs * largestShare))));
  let totalMs = Math.ceil(delayMs / unitMs) * unitMs;
  let levels = powersOfTwo(totalMs);
  // RabbitMQ counts whole milliseconds, so each level can end up to one of them early.
  while (totalMs - levels.length < delayMs) {
    totalMs += unitMs;
    levels = powersOfTwo(totalMs);
  }
  return levels;
}

function powersOfTwo(sum: number): number[] {
  const exponents: number[] = [];
  for (let exponent = highestLevel; exponent >= 0; exponent--) {
    if ((sum >>> exponent) & 1) exponents.push(exponent);
  }
  return exponents;
}
