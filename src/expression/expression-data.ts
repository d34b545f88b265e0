import { ExpressionError } from './expression-error.ts';
import { facadeOf, isRootPrototype, targetOf } from './object-facade.ts';
import { hideKey, revealKeys } from './reserved-keys.ts';

/**
 * What an expression sees of a value. Data is a copy, because JSONata writes into what it is given in several places, and
 * because other handlers read the same payload; the keys are hidden that would mean something to JSONata. An object with
 * methods is a facade; a function is nothing.
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

/** Counts what is made. */
interface Counter {
  makeList(length: number): void;
}

/**
 * A value of JSONata's as everyone else knows it: plain arrays and objects, all their own, and the objects behind facades.
 *
 * @param counter throws when there is too much of it: what JSONata shares between places is copied to each of them
 * @throws ExpressionError when there is a function in it
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
  return new ExpressionError('it gives a function, where only data is allowed: as its result, or to a method');
}

/** Notes a copy that is made. */
export type NoteCopy = (original: object, copy: object) => void;

/**
 * A deep copy, in the place of JSONata's own by way of JSON, which would make texts of dates and bring hidden keys back.
 */
export function cloneData(value: unknown, note?: NoteCopy): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const copy = Array.isArray(value) ? value.map((item) => cloneItem(item, note)) : cloneFields(value, note);
  note?.(value, copy);
  return copy;
}

/** Without a prototype, `__proto__` is a key like every other, also for a transform that writes it. */
function cloneFields(value: object, note?: NoteCopy): object {
  const fields = Object.create(null);
  for (const [key, field] of Object.entries(value)) fields[key] = cloneItem(field, note);
  return fields;
}

function cloneItem(value: unknown, note?: NoteCopy): unknown {
  return targetOf(value) ? value : cloneData(value, note);
}

/** An object that only holds fields, as JSON has them. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || isRootPrototype(prototype);
}
