import { regexTimeMs, withinRegexTime } from '../schema/regex-time.ts';
import { canBacktrack, widthsIn } from './date-picture.ts';
import type { EvaluationBudget } from './evaluation-budget.ts';
import { ExpressionError } from './expression-error.ts';
import { runOf } from './expression-run.ts';
import { type Call, type Definition, type Implementation, standardFunction } from './jsonata-internals.ts';
import { exact } from './number-functions.ts';

/** Counts the result of a call before it, or throws if the result would be too large. */
export type CountBefore = (budget: EvaluationBudget, args: readonly unknown[]) => void;

/** Returns one of JSONata's functions, changed to count its texts and lists. */
export function bounded(name: string, countBefore?: CountBefore): Definition {
  return around(name, (call, standard, args) => {
    const { budget } = runOf(call);
    countBefore?.(budget, args);
    const result = Reflect.apply(standard, call, args as never[]);
    if (countBefore) return result;
    if (typeof result === 'string') budget.makeText(result.length);
    else if (Array.isArray(result)) budget.makeList(result.length);
    return result;
  });
}

/** Maximum length of the picture of a number or a date. */
const maxPictureLength = 500;

/** Maximum length of a number or a date as text. */
const maxFormattedLength = 5000;

/**
 * Returns one of JSONata's functions that format a number or a date, with a limit on its picture. Their time grows with
 * the square of the picture's length, and they make regular expressions of it.
 */
export function withPicture(name: string): Definition {
  return around(name, (call, standard, args) => {
    assertPicture(name, args);
    // $parseInteger() returns numbers, which are not counted.
    return exact(Reflect.apply(standard, call, args as never[]));
  });
}

/** Returns one of JSONata's functions that format or read a date, with limits on its picture and on its time. */
export function withDatePicture(name: string): Definition {
  return around(name, (call, standard, args) => {
    assertPicture(name, args);
    const [value, picture] = args;
    const compute = () => Reflect.apply(standard, call, args as never[]);
    if (typeof picture !== 'string') return compute();
    if (widthsIn(picture) > maxFormattedLength) {
      throw new ExpressionError(`$${name}() takes no widths of more than ${maxFormattedLength} characters in all`);
    }
    if (typeof value !== 'string' || !canBacktrack(picture, value)) return compute();
    let result: { readonly value: unknown } | undefined;
    const search = () => (result = { value: compute() });
    if (withinRegexTime(search, () => result !== undefined)) return result?.value;
    throw new ExpressionError(
      `$${name}() took longer than ${regexTimeMs} ms to read a text; put separators between the parts of its picture`,
    );
  });
}

function assertPicture(name: string, [value, ...pictures]: readonly unknown[]): void {
  const isTooLong = (text: unknown, most: number) => typeof text === 'string' && text.length > most;
  if (isTooLong(value, maxFormattedLength)) {
    throw new ExpressionError(`$${name}() takes no text of more than ${maxFormattedLength} characters`);
  }
  const options = pictures.flatMap((picture) => (isFields(picture) ? Object.values(picture) : picture));
  if (options.some((picture) => isTooLong(picture, maxPictureLength))) {
    throw new ExpressionError(`$${name}() takes no picture of more than ${maxPictureLength} characters`);
  }
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function around(
  name: string,
  invoke: (call: Call, standard: Implementation, args: readonly unknown[]) => unknown,
): Definition {
  const standard = standardFunction(name);
  if (standard === undefined) throw new Error(`jsonata has no function $${name}`);
  const { implementation } = standard;
  function counted(this: Call, ...args: unknown[]) {
    return invoke(this, implementation, args);
  }
  // JSONata reads the names and the number of the parameters from the source of the function.
  counted.toString = () => String(implementation);
  Object.defineProperty(counted, 'length', { value: implementation.length });
  return { ...standard, implementation: counted };
}
