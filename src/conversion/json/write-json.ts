import { randomUUID } from 'node:crypto';
import type { Issue } from '../../errors.ts';
import { isExactNumber } from '../../schema/large-integers.ts';
import { escapePointer } from '../../text/json-pointer.ts';

// Matches texts that JSON can have for a number with another value: a rounded integer beyond 2^53, and `null` for NaN.
const longInteger = /[:,[]-?\d{16}/;
const maxIssues = 50;

/** The error of `writeJson` for numbers that JSON would write as another value. */
export class UnwritableNumbers extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super('numbers that cannot be written');
    this.issues = issues;
  }
}

/**
 * Writes JSON as `JSON.stringify` does, except for numbers: a BigInt is written with all its digits. A number that is
 * not finite is refused, and so is an integer beyond 2^53 that is no BigInt.
 *
 * @returns undefined for a value that JSON cannot express, such as a function
 * @throws UnwritableNumbers; the error of `JSON.stringify` for a cycle, or for a value that is nested too deeply
 */
export function writeJson(value: unknown): string | undefined {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // The value contains a BigInt or a cycle. The second attempt finds the cycle again.
    return checkedJson(value);
  }
  const isSuspicious = typeof value === 'number' || text?.includes('null') || longInteger.test(text ?? '');
  return isSuspicious ? checkedJson(value) : text;
}

function checkedJson(value: unknown): string | undefined {
  const issues: Issue[] = [];
  const paths = new Map<unknown, string>();
  const text = stringifyExactly(value, function (key, inner) {
    // Only the holder of the whole value has no path.
    const outer = paths.get(this);
    const path = outer === undefined ? '' : `${outer}/${escapePointer(key)}`;
    if (typeof inner === 'object' && inner !== null) paths.set(inner, path);
    if (typeof inner === 'number' && !isExactNumber(inner) && issues.length < maxIssues) {
      issues.push({ path: path.slice(0, maxPathLength), message: describeNumber(inner) });
    }
    return inner;
  });
  if (issues.length > 0) throw new UnwritableNumbers(issues);
  return text;
}

const maxPathLength = 200;

function describeNumber(value: number): string {
  return Number.isFinite(value)
    ? 'is an integer beyond 2^53, which may have been rounded; give a BigInt'
    : 'is a number that is not finite';
}

/**
 * Writes JSON with all digits of its BigInts.
 *
 * @param replace the second argument of `JSON.stringify`
 * @param indent the third argument of `JSON.stringify`
 */
export function stringifyExactly(
  value: unknown,
  replace: (this: unknown, key: string, value: unknown) => unknown,
  indent = 0,
): string | undefined {
  // No sender can guess the mark, so no text in the value is taken for one.
  const mark = randomUUID();
  let marked = false;
  const replaceExactly = function (this: unknown, key: string, inner: unknown): unknown {
    const replaced = replace.call(this, key, inner);
    if (typeof replaced !== 'bigint') return replaced;
    marked = true;
    return `${mark}${replaced}`;
  };
  const text = JSON.stringify(value, replaceExactly, indent);
  return marked ? text.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1') : text;
}
