import { ExpressionError } from './expression-error.ts';
import type { CreateSequence, Sequence } from './jsonata-internals.ts';

/**
 * Maximum number of items of a step behind `@`, `#` or `%`. JSONata makes an object with variables for each of them, all
 * in one turn of the event loop.
 */
export const maxTuples = 60_000;

const grownIn = Symbol('the step in which a list grew');

/** A list that JSONata appends to. */
type Growing = unknown[] & { [grownIn]?: number };

/**
 * Returns the function that makes the lists of an evaluation. JSONata fills a list item by item in one turn of the event
 * loop, and its own list makes an array of each item first.
 *
 * @param maxLength the number of items that a list can have
 * @param step returns the number of the step that the evaluation is at
 */
export function boundedSequences(maxLength: number, step: () => number): CreateSequence {
  const unchecked = Math.min(maxLength, maxTuples);
  function push(this: Sequence, ...items: unknown[]): number;
  function push(this: Sequence, item: unknown): number {
    const { length } = this;
    if (length >= unchecked) assertLength(this, maxLength);
    this[length] = item;
    return length + 1;
  }
  // To group items behind `@` or `#`, JSONata appends them one by one, each to a copy of those before it: a time that
  // grows with their square. Within one step, nothing else can have seen the copy, so it grows itself.
  function concat(this: Growing, ...lists: readonly unknown[][]): unknown[] {
    const now = step();
    if (this[grownIn] === now) {
      for (const list of lists) for (const item of list) this[this.length] = item;
      return this;
    }
    const copy: Growing = Array.prototype.concat.apply(this, lists as never);
    Object.defineProperty(copy, 'concat', { value: concat });
    copy[grownIn] = now;
    return copy;
  }
  return (...items) => {
    const sequence: Sequence = [...items];
    sequence.push = push;
    sequence.sequence = true;
    // JSONata makes a list of one value to append to it.
    if (items.length === 1) sequence.concat = concat as Sequence['concat'];
    return sequence;
  };
}

function assertLength({ length, tupleStream }: Sequence, maxLength: number): void {
  if (length >= maxLength) throw { code: 'D2015' };
  if (tupleStream) throw new ExpressionError(`a step after @, # or % has more than ${maxTuples} items`);
}
