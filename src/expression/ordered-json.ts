import { stringifyExactly } from '../conversion/json/write-json.ts';
import { isJsonataFunction } from './jsonata-internals.ts';
import { targetOf } from './object-facade.ts';

/** Returns the JSON of a value with the fields of each object in one order, so that it is the same for equal values. */
export function orderedJson(value: object): string {
  return jsonOfData(value) ?? `${stringifyExactly(value, (_key, field) => (isFields(field) ? inOrder(field) : field))}`;
}

/** Returns undefined for a value that is not only data. */
function jsonOfData(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' || value === null) {
    return String(value);
  }
  if (typeof value !== 'object' || targetOf(value)) return undefined;
  return Array.isArray(value) ? jsonOfList(value) : jsonOfFields(value as Record<string, unknown>);
}

function jsonOfList(list: readonly unknown[]): string | undefined {
  let json = '[';
  for (const item of list) {
    const ofItem = item === undefined ? 'null' : jsonOfData(item);
    if (ofItem === undefined) return undefined;
    json += json === '[' ? ofItem : `,${ofItem}`;
  }
  return `${json}]`;
}

function jsonOfFields(fields: Readonly<Record<string, unknown>>): string | undefined {
  if (isJsonataFunction(fields)) return undefined;
  let json = '{';
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key];
    if (field === undefined) continue;
    const ofField = jsonOfData(field);
    if (ofField === undefined) return undefined;
    json += `${json === '{' ? '' : ','}${JSON.stringify(key)}:${ofField}`;
  }
  return `${json}}`;
}

function inOrder(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
