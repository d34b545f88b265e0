import type { EvaluationBudget } from './evaluation-budget.ts';
import { ExpressionError } from './expression-error.ts';
import { runOf } from './expression-run.ts';
import { type Call, type Definition, type Implementation, standardFunction } from './jsonata-internals.ts';
import { exact } from './number-functions.ts';

/** Counts what one of JSONata's functions will make, or throws where that is too much. */
export type CountBefore = (budget: EvaluationBudget, args: readonly unknown[]) => void;

/** One of JSONata's functions, whose texts and lists are counted. */
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

/** No picture of a number or a date is longer. */
const maxPictureLength = 500;

/** No number or date as text is longer. */
const maxFormattedLength = 5000;

/**
 * One of JSONata's functions about how a number or a date is written. They take time by the square of the length of the
 * picture, and make regular expressions of it.
 */
export function withPicture(name: string): Definition {
  return around(name, (call, standard, args) => {
    const [value, ...pictures] = args;
    const isTooLong = (text: unknown, most: number) => typeof text === 'string' && text.length > most;
    if (isTooLong(value, maxFormattedLength)) {
      throw new ExpressionError(`$${name}() takes no text of more than ${maxFormattedLength} characters`);
    }
    const options = pictures.flatMap((picture) => (isFields(picture) ? Object.values(picture) : picture));
    if (options.some((picture) => isTooLong(picture, maxPictureLength))) {
      throw new ExpressionError(`$${name}() takes no picture of more than ${maxPictureLength} characters`);
    }
    // $parseInteger() gives numbers.
    return exact(Reflect.apply(standard, call, args as never[]));
  });
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
  // JSONata reads the names and the number of the arguments off the source.
  counted.toString = () => String(implementation);
  Object.defineProperty(counted, 'length', { value: implementation.length });
  return { ...standard, implementation: counted };
}
