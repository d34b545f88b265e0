import { stringifyExactly } from '../conversion/json/write-json.ts';
import { isJsonataFunction } from './jsonata-internals.ts';
import { targetOf } from './object-facade.ts';

/** The bound on a text. */
interface TextBudget {
  /** Throws if a text would be too long. */
  assertTextLength(length: number): void;
}

/**
 * Returns the JSON of a value with the fields of each object in one order, so that it is the same for equal values.
 *
 * @param budget throws if it would be too long: a list that JSONata shares between places is written for each of them
 */
export function orderedJson(value: object, budget: TextBudget): string {
  return (
    jsonOfData(value, budget) ??
    `${stringifyExactly(value, (_key, field) => (isFields(field) ? inOrder(field) : field))}`
  );
}

/** Returns undefined for a value that is not only data. */
function jsonOfData(value: unknown, budget: TextBudget): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' || value === null) {
    return String(value);
  }
  if (typeof value !== 'object' || targetOf(value)) return undefined;
  return Array.isArray(value) ? jsonOfList(value, budget) : jsonOfFields(value as Record<string, unknown>, budget);
}

function jsonOfList(list: readonly unknown[], budget: TextBudget): string | undefined {
  let json = '[';
  for (const item of list) {
    const ofItem = item === undefined ? 'null' : jsonOfData(item, budget);
    if (ofItem === undefined) return undefined;
    json += json === '[' ? ofItem : `,${ofItem}`;
    budget.assertTextLength(json.length);
  }
  return `${json}]`;
}

function jsonOfFields(fields: Readonly<Record<string, unknown>>, budget: TextBudget): string | undefined {
  if (isJsonataFunction(fields)) return undefined;
  let json = '{';
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key];
    if (field === undefined) continue;
    const ofField = jsonOfData(field, budget);
    if (ofField === undefined) return undefined;
    json += `${json === '{' ? '' : ','}${JSON.stringify(key)}:${ofField}`;
    budget.assertTextLength(json.length);
  }
  return `${json}}`;
}

function inOrder(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
