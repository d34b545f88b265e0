import { ExpressionFault } from './expression-error.ts';
import { facadeOf, isRootPrototype, targetOf } from './object-facade.ts';
import { hideKey, revealKeys } from './reserved-keys.ts';

/**
 * What an expression sees of a value. Data is itself, with the keys hidden that would mean something to JSONata; an
 * object with methods is a facade; a function is nothing.
 *
 * @param copy whether to copy data in any case, for expressions with which JSONata writes into what it is given
 */
export function toExpressionData(value: unknown, copy: boolean): unknown {
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return toItems(value, copy);
  if (!isPlainObject(value)) return facadeOf(value, toCopy);
  return toFields(value, copy);
}

const toCopy = (value: unknown) => toExpressionData(value, true);
const toShared = (value: unknown) => toExpressionData(value, false);

function toItems(items: readonly unknown[], copy: boolean): readonly unknown[] {
  const seen = items.map(copy ? toCopy : toShared);
  return copy || seen.some((item, index) => item !== items[index]) ? seen : items;
}

function toFields(fields: Readonly<Record<string, unknown>>, copy: boolean): unknown {
  let changed = copy;
  const seen: [string, unknown][] = [];
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    if (typeof field === 'function') return facadeOf(fields, toCopy);
    const entry: [string, unknown] = [hideKey(key), toExpressionData(field, copy)];
    seen.push(entry);
    changed ||= entry[0] !== key || entry[1] !== field;
  }
  return changed ? withoutPrototype(seen) : fields;
}

/** Without a prototype, `__proto__` is a key like every other. */
function withoutPrototype(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const fields = Object.create(null);
  for (const [key, value] of entries) fields[key] = value;
  return fields;
}

/**
 * A value of JSONata's as everyone else knows it: plain arrays and objects, all their own, and the objects behind facades.
 *
 * @throws ExpressionFault when there is a function in it
 */
export function fromExpressionData(value: unknown): unknown {
  if (typeof value === 'string') return revealKeys(value);
  if (typeof value === 'function') throw aFunction();
  if (typeof value !== 'object' || value === null) return value;
  const target = targetOf(value);
  if (target) return target;
  if (Array.isArray(value)) return Array.from(value, fromExpressionData);
  // No data has these keys: JSONata's functions are objects with one of them.
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) throw aFunction();
  const fields: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) setField(fields, revealKeys(key), fromExpressionData(field));
  return fields;
}

function setField(fields: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') fields[key] = value;
  else Object.defineProperty(fields, key, { value, configurable: true, enumerable: true, writable: true });
}

function aFunction(): ExpressionFault {
  return new ExpressionFault('it gives a function, where only data is allowed: as its result, or to a method');
}

/** A deep copy, in the place of JSONata's own by way of JSON, which would make texts of dates and bring hidden keys back. */
export function cloneData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cloneItem);
  if (typeof value !== 'object' || value === null) return value;
  return withoutPrototype(Object.entries(value).map(([key, field]) => [key, cloneItem(field)]));
}

function cloneItem(value: unknown): unknown {
  return targetOf(value) ? value : cloneData(value);
}

/** An object that only holds fields, as JSON has them. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || isRootPrototype(prototype);
}
