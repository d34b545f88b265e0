import { andThen, type MaybePromise } from '../promise/maybe-promise.ts';
import { cloneData } from './expression-data.ts';
import { ExpressionError } from './expression-error.ts';
import { runOf } from './expression-run.ts';
import type { Call } from './jsonata-internals.ts';

/** The objects in each copy that a transform works on, by themselves and by their originals. */
const copiesIn = new WeakMap<object, Map<object, object>>();

/** Makes the copy that a transform works on. JSONata calls it once for each value that is transformed. */
export function copyToTransform(call: Call, value: unknown): MaybePromise<unknown> {
  const copies = new Map<object, object>();
  const cloned = cloneData(value, runOf(call), (original, made) => {
    if (!copies.has(original)) copies.set(original, made);
    copies.set(made, made);
  });
  return andThen(cloned, (copy) => {
    if (typeof copy === 'object' && copy !== null) copiesIn.set(copy, copies);
    return copy;
  });
}

/**
 * Returns the objects in the copy that the pattern of a transform selects. JSONata writes into every object that the
 * pattern returns, and a pattern with `$$` or a variable can select objects outside of the copy.
 *
 * @throws ExpressionError if the pattern selects an object that is not in the transformed value
 */
export function matchedCopies({ input }: Call, matches: unknown): unknown {
  const copies = copiesIn.get(input as object);
  const copyOf = (match: unknown) => {
    if (typeof match !== 'object' || match === null) return match;
    const copy = copies?.get(match);
    if (copy === undefined) {
      throw new ExpressionError('the pattern of a transform selects an object outside of the value that it transforms');
    }
    return copy;
  };
  return Array.isArray(matches) ? matches.map(copyOf) : copyOf(matches);
}
