import { ExpressionError } from './expression-error.ts';
import type { CreateSequence, Sequence } from './jsonata-internals.ts';

/**
 * Maximum number of items of a step behind `@`, `#` or `%`. JSONata makes an object with variables for each of them, all
 * in one turn of the event loop.
 */
export const maxTuples = 60_000;

/** Maximum number of items that JSONata appends in one step, as a multiple of the length of a list. */
const lengthsInStep = 2;

/**
 * Makes the lists of an evaluation. JSONata fills a list item by item in one turn of the event loop, and its own list
 * makes an array of each item first.
 */
export class BoundedSequences {
  readonly create: CreateSequence;
  /** Number of items that were appended in this step. */
  #appended = 0;

  /** @param maxLength the number of items that a list can have */
  constructor(maxLength: number) {
    const unchecked = Math.min(maxLength, maxTuples);
    const mostInStep = maxLength * lengthsInStep;
    const countAppended = () => {
      // The fields of nested lists are appended once for each level.
      if (++this.#appended > mostInStep) throw { code: 'D2015' };
    };
    function push(this: Sequence, ...items: unknown[]): number;
    function push(this: Sequence, item: unknown): number {
      const { length } = this;
      if (length >= unchecked) assertLength(this, maxLength);
      countAppended();
      this[length] = item;
      return length + 1;
    }
    this.create = (...items) => {
      const sequence: Sequence = [...items];
      sequence.push = push;
      sequence.sequence = true;
      return sequence;
    };
  }

  beginStep(): void {
    this.#appended = 0;
  }
}

function assertLength({ length, tupleStream }: Sequence, maxLength: number): void {
  if (length >= maxLength) throw { code: 'D2015' };
  if (tupleStream) throw new ExpressionError(`a step after @, # or % has more than ${maxTuples} items`);
}
