import type { MaybePromise } from '../promise/maybe-promise.ts';
import { type CopyRules, copiedByItem, DataCopy, setField } from './data-copy.ts';
import { ExpressionError } from './expression-error.ts';
import { isJsonataFunction } from './jsonata-internals.ts';
import { facadeOf, isRootPrototype, targetOf } from './object-facade.ts';
import { hideKey, revealKeys } from './reserved-keys.ts';

/**
 * Returns the form of a value inside an evaluation. Data is copied, because JSONata writes into its input in several
 * places, and because other handlers read the same payload; keys with a meaning to JSONata are renamed. An object with
 * methods becomes a facade; a function becomes undefined.
 */
export function toExpressionData(value: unknown): unknown {
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toExpressionData);
  if (!isPlainObject(value)) return facadeOf(value, toExpressionData);
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = value[key];
    if (typeof field === 'function') return facadeOf(value, toExpressionData);
    setField(fields, hideKey(key), toExpressionData(field));
  }
  return fields;
}

/** The evaluation for which a value is copied. */
export interface CopyingRun {
  readonly budget: { makeList(length: number): void };
  /** Called between two slices. @returns a promise to await, if any */
  pauseToCopy(): Promise<void> | undefined;
}

/** The number of items that are copied between two looks at the clock. */
const sliceLength = 4_000;

/**
 * Returns the plain form of a value of JSONata: new arrays and objects, and the objects behind facades. A large value is
 * copied in slices between which the event loop turns; the result is then a promise.
 *
 * @param run its budget throws when the result is too large: a list that JSONata shares between places is copied to
 * each of them
 * @throws ExpressionError if the value contains a function
 */
export function fromExpressionData(value: unknown, run: CopyingRun): MaybePromise<unknown> {
  const leaf = plainLeaf(value);
  if (leaf !== copiedByItem) return leaf;
  const { budget } = run;
  return copyInSlices(value, run, {
    leaf: plainLeaf,
    key: revealKeys,
    fields: () => ({}),
    began: (_original, _copy, size) => budget.makeList(size),
  });
}

function plainLeaf(value: unknown): unknown {
  if (typeof value === 'string') return revealKeys(value);
  if (typeof value === 'function') throw aFunction();
  if (typeof value !== 'object' || value === null) return value;
  const target = targetOf(value);
  if (target) return target;
  if (!Array.isArray(value) && isJsonataFunction(value)) throw aFunction();
  return copiedByItem;
}

function aFunction(): ExpressionError {
  return new ExpressionError('it returns a function, or passes one to a method, where only data is allowed');
}

/** Records a copy that was made. */
export type NoteCopy = (original: object, copy: object) => void;

/**
 * Copies a value deeply, in slices if it is large. JSONata's own copy goes through JSON, which would turn dates into
 * texts and restore renamed keys. An object is copied without a prototype, so that `__proto__` is an ordinary key, also
 * for a transform that writes it.
 *
 * @param run its budget throws when the copies of one evaluation are too large
 */
export function cloneData(value: unknown, run: CopyingRun, note?: NoteCopy): MaybePromise<unknown> {
  if (clonedLeaf(value) !== copiedByItem) return value;
  return copyInSlices(value, run, {
    leaf: clonedLeaf,
    key: (key) => key,
    fields: () => Object.create(null),
    began(original, copy, size) {
      run.budget.makeList(size);
      note?.(original, copy);
    },
  });
}

function clonedLeaf(value: unknown): unknown {
  return typeof value !== 'object' || value === null || targetOf(value) ? value : copiedByItem;
}

function copyInSlices(value: unknown, run: CopyingRun, rules: CopyRules): MaybePromise<unknown> {
  const copy = new DataCopy(value, rules);
  return copy.advance(sliceLength) ? copy.result : copyRest(copy, run);
}

async function copyRest(copy: DataCopy, run: CopyingRun): Promise<unknown> {
  do {
    const pause = run.pauseToCopy();
    if (pause) await pause;
  } while (!copy.advance(sliceLength));
  return copy.result;
}

/** Returns whether an object only holds fields, like one of JSON. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || isRootPrototype(prototype);
}
