import { cloneData } from './expression-data.ts';
import { ExpressionError } from './expression-error.ts';
import type { Call } from './jsonata-internals.ts';

/** For each copy that a transform works on, the objects in it, by themselves and by what they are copies of. */
const copiesIn = new WeakMap<object, WeakMap<object, object>>();

/** The copy that a transform works on. JSONata calls it once for each value that is transformed. */
export function copyToTransform(value: unknown): unknown {
  const copies = new WeakMap<object, object>();
  const copy = cloneData(value, (original, made) => {
    if (!copies.has(original)) copies.set(original, made);
    copies.set(made, made);
  });
  if (typeof copy === 'object' && copy !== null) copiesIn.set(copy, copies);
  return copy;
}

/**
 * What the pattern of a transform leads to, in the copy: JSONata writes into whatever the pattern gives, and by `$$` or a
 * variable it leads out of the copy.
 *
 * @throws ExpressionError when it leads to what is not in the value that is transformed
 */
export function matchedCopies({ input }: Call, matches: unknown): unknown {
  const copies = copiesIn.get(input as object);
  const copyOf = (match: unknown) => {
    if (typeof match !== 'object' || match === null) return match;
    const copy = copies?.get(match);
    if (copy === undefined) {
      throw new ExpressionError('the pattern of a transform leads to what is not in the value that it transforms');
    }
    return copy;
  };
  return Array.isArray(matches) ? matches.map(copyOf) : copyOf(matches);
}
