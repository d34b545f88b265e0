import { ExpressionError } from './expression-error.ts';
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

/** Counts the texts and lists that are made. */
interface Counter {
  makeList(length: number): void;
}

/**
 * Returns the plain form of a value of JSONata: new arrays and objects, and the objects behind facades.
 *
 * @param counter throws when the result is too large: a list that JSONata shares between places is copied to each of
 * them
 * @throws ExpressionError if the value contains a function
 */
export function fromExpressionData(value: unknown, counter: Counter): unknown {
  if (typeof value === 'string') return revealKeys(value);
  if (typeof value === 'function') throw aFunction();
  if (typeof value !== 'object' || value === null) return value;
  const target = targetOf(value);
  if (target) return target;
  if (Array.isArray(value)) {
    counter.makeList(value.length);
    return Array.from(value, (item) => fromExpressionData(item, counter));
  }
  // No data has these keys: JSONata's functions are objects with one of them.
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) throw aFunction();
  const entries = Object.entries(value);
  counter.makeList(entries.length);
  const fields: Record<string, unknown> = {};
  for (const [key, field] of entries) setField(fields, revealKeys(key), fromExpressionData(field, counter));
  return fields;
}

function setField(fields: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') fields[key] = value;
  else Object.defineProperty(fields, key, { value, configurable: true, enumerable: true, writable: true });
}

function aFunction(): ExpressionError {
  return new ExpressionError('it returns a function, or passes one to a method, where only data is allowed');
}

/** Records a copy that was made. */
export type NoteCopy = (original: object, copy: object) => void;

/**
 * Copies a value deeply. JSONata's own copy goes through JSON, which would turn dates into texts and restore renamed
 * keys.
 */
export function cloneData(value: unknown, note?: NoteCopy): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const copy = Array.isArray(value) ? value.map((item) => cloneItem(item, note)) : cloneFields(value, note);
  note?.(value, copy);
  return copy;
}

/**
 * Copies an object without a prototype, so that `__proto__` is an ordinary key, also for a transform that writes it.
 */
function cloneFields(value: object, note?: NoteCopy): object {
  const fields = Object.create(null);
  for (const [key, field] of Object.entries(value)) fields[key] = cloneItem(field, note);
  return fields;
}

function cloneItem(value: unknown, note?: NoteCopy): unknown {
  return targetOf(value) ? value : cloneData(value, note);
}

/** Returns whether an object only holds fields, like one of JSON. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || isRootPrototype(prototype);
}
