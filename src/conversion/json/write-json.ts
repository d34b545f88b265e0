import { randomUUID } from 'node:crypto';
import type { Issue } from '../../errors.ts';
import { escaped } from '../../schema/issue-collector.ts';
import { isExactNumber } from '../../schema/large-integers.ts';

// What a number can have been written as that says something else: an integer beyond 2^53, rounded, and `null` for NaN.
const longInteger = /[:,[]-?\d{16}/;
const maxIssues = 50;

/** What `writeJson` throws for numbers that JSON would not say. */
export class UnwritableNumbers extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super('numbers that cannot be written');
    this.issues = issues;
  }
}

/**
 * Writes JSON as `JSON.stringify` does, but for numbers: a BigInt is written with all its digits, and what is not finite,
 * or an integer beyond 2^53 that is no BigInt, is refused.
 *
 * @returns undefined for what JSON cannot say, such as a function
 * @throws UnwritableNumbers; what `JSON.stringify` throws for a cycle, or what is nested too deeply
 */
export function writeJson(value: unknown): string | undefined {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // It holds a BigInt, or a cycle, which is found again.
    return checkedJson(value);
  }
  const isSuspicious = typeof value === 'number' || text?.includes('null') || longInteger.test(text ?? '');
  return isSuspicious ? checkedJson(value) : text;
}

function checkedJson(value: unknown): string | undefined {
  const issues: Issue[] = [];
  const paths = new Map<unknown, string>();
  const text = stringifyExactly(value, function (key, inner) {
    // Only the holder of the whole has no path.
    const outer = paths.get(this);
    const path = outer === undefined ? '' : `${outer}/${escaped(key)}`;
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
 * @param replace as the second argument of `JSON.stringify`
 * @param indent as its third
 */
export function stringifyExactly(
  value: unknown,
  replace: (this: unknown, key: string, value: unknown) => unknown,
  indent = 0,
): string | undefined {
  // No sender can guess it, so no text in the value is taken for a mark.
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
