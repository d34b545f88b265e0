import { workOf } from './comparison.ts';
import { ExpressionError } from './expression-error.ts';
import { runOf } from './expression-run.ts';
import { keepList } from './item-functions.ts';
import { type Call, type Callback, callBack, isJsonataFunction, type Sequence } from './jsonata-internals.ts';
import { targetOf } from './object-facade.ts';
import { isFields, orderedJson } from './ordered-json.ts';
import { sortInParts } from './sort-in-parts.ts';

// The time of JSONata's own functions, and the memory of $sort, grow with the square of the list's length, and no
// timeout stops them. A list of a megabyte in a payload would end the process.

/**
 * `$sort`: stable.
 *
 * @param comesAfter returns whether its first argument comes after its second
 */
export function sort(call: Call, list: readonly unknown[] | undefined, comesAfter: Callback | undefined): unknown {
  if (list === undefined || list.length <= 1) return list;
  if (comesAfter) {
    return mergeSort(list, async (a, b) => {
      const pause = runOf(call).pause();
      if (pause) await pause;
      return Boolean(await callBack(call, comesAfter, [a, b]));
    });
  }
  return sortAlike(call, list);
}

/** Sorts numbers, or texts. */
async function sortAlike(call: Call, list: readonly unknown[]): Promise<readonly unknown[]> {
  const kind = typeof list[0];
  if (!(kind === 'number' || kind === 'string') || list.some((item) => typeof item !== kind)) {
    throw new ExpressionError('$sort() without a function takes numbers only, or texts only');
  }
  return sortInParts(list as readonly string[], (a, b) => (a > b ? 1 : a < b ? -1 : 0), runOf(call), workOf);
}

type ComesAfter = (a: unknown, b: unknown) => Promise<boolean>;

async function mergeSort(list: readonly unknown[], comesAfter: ComesAfter): Promise<readonly unknown[]> {
  if (list.length <= 1) return list;
  const middle = Math.floor(list.length / 2);
  const left = await mergeSort(list.slice(0, middle), comesAfter);
  const right = await mergeSort(list.slice(middle), comesAfter);
  const merged: unknown[] = [];
  let next = 0;
  for (const item of left) {
    while (next < right.length && (await comesAfter(item, right[next]))) merged.push(right[next++]);
    merged.push(item);
  }
  for (; next < right.length; next++) merged.push(right[next]);
  return merged;
}

/** `$distinct`: the first of each of equal items. */
export async function distinct(call: Call, list: unknown): Promise<unknown> {
  if (!Array.isArray(list) || list.length <= 1) return list;
  const found = new Set<unknown>();
  const foundJson = new Set<string>();
  const first: Sequence = 'sequence' in list ? call.createSequence() : [];
  const run = runOf(call);
  const pauses = run.itemPauses();
  for (const item of list) {
    const isData = typeof item === 'object' && item !== null && !targetOf(item);
    const key: unknown = isData ? orderedJson(item, run.budget) : item;
    const known: Set<unknown> = isData ? foundJson : found;
    if (!known.has(key)) {
      first.push(item);
      if (isData) run.budget.makeText((key as string).length);
    }
    known.add(key);
    const pause = pauses(workOf(key));
    if (pause) await pause;
  }
  return keepList(first);
}

/** `$spread`: an object of one field for each field of the objects. */
export async function spread(call: Call, value: unknown): Promise<unknown> {
  if (!Array.isArray(value) && !isFields(value)) return value;
  const result: Sequence = Array.isArray(value) && value.length > 0 ? [] : call.createSequence();
  const pauses = runOf(call).itemPauses();
  for (const item of Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]) {
    if (!isFields(item)) result.push(item);
    else {
      for (const [key, field] of Object.entries(item)) {
        // A computed key defines a field, also one that is called `__proto__`.
        result.push({ [key]: field });
        const pause = pauses();
        if (pause) await pause;
      }
    }
    const pause = pauses();
    if (pause) await pause;
  }
  return result;
}

/** `$merge`. */
export async function merge(call: Call, objects: readonly object[] | undefined): Promise<object | undefined> {
  if (objects === undefined) return undefined;
  const merged: Record<string, unknown> = Object.create(null);
  const pauses = runOf(call).itemPauses();
  for (const object of objects) {
    for (const [key, field] of Object.entries(object)) {
      merged[key] = field;
      const pause = pauses();
      if (pause) await pause;
    }
  }
  return merged;
}

/** `*`: all fields of an object or a list, lists in them made flat. */
export async function children(call: Call): Promise<unknown[]> {
  const { input } = call;
  const items = call.createSequence();
  // A function of JSONata is an object, too.
  if (typeof input !== 'object' || input === null || isJsonataFunction(input)) return items;
  let hasLists = false;
  const pauses = runOf(call).itemPauses();
  for (const field of Object.values(input)) {
    if (Array.isArray(field)) hasLists = true;
    // The values that are still to add, the next one last.
    const open: unknown[] = [field];
    while (open.length > 0) {
      const value = open.pop();
      if (Array.isArray(value)) for (let index = value.length - 1; index >= 0; index--) open.push(value[index]);
      else items.push(value);
      const pause = pauses();
      if (pause) await pause;
    }
  }
  // As in JSONata, one item of a list stays a list.
  return hasLists ? [...items] : items;
}

/** `**`: a value, its fields, their fields and so on; the items of lists in their place. */
export async function descendants(call: Call): Promise<unknown> {
  const { input } = call;
  if (input === undefined) return undefined;
  const found = call.createSequence();
  const pauses = runOf(call).itemPauses();
  // The values that are still to visit, the next one last.
  const open: unknown[] = [input];
  while (open.length > 0) {
    const value = open.pop();
    if (!Array.isArray(value)) found.push(value);
    if (typeof value === 'object' && value !== null && !isJsonataFunction(value)) {
      const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
      for (let index = items.length - 1; index >= 0; index--) open.push(items[index]);
    }
    const pause = pauses();
    if (pause) await pause;
  }
  return found.length === 1 ? found[0] : found;
}

/** `$max`: of a list of any length; JSONata's own fails beyond about 100,000. */
export function max(numbers: readonly number[] | undefined): number | undefined {
  if (numbers === undefined || numbers.length === 0) return undefined;
  return numbers.reduce((most, number) => Math.max(most, number));
}

/** `$min`. */
export function min(numbers: readonly number[] | undefined): number | undefined {
  if (numbers === undefined || numbers.length === 0) return undefined;
  return numbers.reduce((least, number) => Math.min(least, number));
}
