import { ExpressionError } from './expression-error.ts';
import type { CreateSequence, Sequence } from './jsonata-internals.ts';

/**
 * Maximum number of items of a step behind `@`, `#` or `%`. JSONata makes an object with variables for each of them, all
 * in one turn of the event loop.
 */
export const maxTuples = 100_000;

/**
 * Returns the function that makes the lists of an evaluation. JSONata fills a list item by item in one turn of the event
 * loop, and its own list makes an array of each item first.
 *
 * @param maxLength the number of items that a list can have
 */
export function boundedSequences(maxLength: number): CreateSequence {
  const unchecked = Math.min(maxLength, maxTuples);
  function push(this: Sequence, ...items: unknown[]): number;
  function push(this: Sequence, item: unknown): number {
    const { length } = this;
    if (length >= unchecked) assertLength(this, maxLength);
    this[length] = item;
    return length + 1;
  }
  return (...items) => {
    const sequence: Sequence = [...items];
    sequence.push = push;
    sequence.sequence = true;
    return sequence;
  };
}

function assertLength({ length, tupleStream }: Sequence, maxLength: number): void {
  if (length >= maxLength) throw { code: 'D2015' };
  if (tupleStream) throw new ExpressionError(`a step behind @, # or % has more than ${maxTuples} items`);
}
