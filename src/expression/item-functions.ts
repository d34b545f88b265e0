import { runOf } from './expression-run.ts';
import { arityOf, type Call, type Callback, callBack, type Sequence } from './jsonata-internals.ts';
import { toBoolean } from './number-functions.ts';

// These replace JSONata's own, which turn a single item that is a list into that list, and check no time limit while
// they call one of JSONata's functions. A function that is called for each item is awaited here, so that the event loop
// gets its turns.

type Visit = (value: unknown, result: unknown) => void;

/** `$map`. */
export async function map(call: Call, items: readonly unknown[] | undefined, callback: Callback): Promise<unknown> {
  if (items === undefined) return undefined;
  const mapped = call.createSequence();
  await forEach(call, items.entries(), items, callback, (_item, result) => {
    if (result !== undefined) mapped.push(result);
  });
  return keepList(mapped);
}

/** `$filter`. */
export async function filter(call: Call, items: readonly unknown[] | undefined, callback: Callback): Promise<unknown> {
  if (items === undefined) return undefined;
  const kept = call.createSequence();
  await forEach(call, items.entries(), items, callback, (item, result) => {
    if (isTrue(result)) kept.push(item);
  });
  return keepList(kept);
}

/** `$single`. */
export async function single(call: Call, items: readonly unknown[] | undefined, callback?: Callback): Promise<unknown> {
  if (items === undefined) return undefined;
  const kept: unknown[] = [];
  const keep = (item: unknown) => {
    if (kept.push(item) > 1) throw { code: 'D3138' };
  };
  if (callback === undefined) items.forEach(keep);
  else await forEach(call, items.entries(), items, callback, (item, result) => isTrue(result) && keep(item));
  if (kept.length === 0) throw { code: 'D3139' };
  return kept[0];
}

/** `$each`. */
export async function each(call: Call, fields: object | undefined, callback: Callback): Promise<unknown> {
  const results = call.createSequence();
  await forEach(call, Object.entries(fields ?? {}), fields, callback, (_field, result) => {
    if (result !== undefined) results.push(result);
  });
  return keepList(results);
}

/** `$sift`. */
export async function sift(call: Call, fields: object | undefined, callback: Callback): Promise<unknown> {
  const kept: Record<string, unknown> = Object.create(null);
  const entries = Object.entries(fields ?? {});
  const names = entries.map(([name]) => name).values();
  await forEach(call, entries, fields, callback, (field, result) => {
    const name = names.next().value;
    if (name !== undefined && isTrue(result)) kept[name] = field;
  });
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/** `$reduce`. */
export async function reduce(
  call: Call,
  items: readonly unknown[] | undefined,
  callback: Callback,
  initial?: unknown,
): Promise<unknown> {
  if (items === undefined) return undefined;
  const arity = arityOf(callback);
  if (arity < 2) throw { code: 'D3050' };
  const beginsWithFirst = initial === undefined && items.length > 0;
  let result = beginsWithFirst ? items[0] : initial;
  for (let index = beginsWithFirst ? 1 : 0; index < items.length; index++) {
    result = await callBack(call, callback, [result, items[index], index, items].slice(0, Math.min(arity, 4)));
    const pause = runOf(call).pause();
    if (pause) await pause;
  }
  return result;
}

async function forEach(
  call: Call,
  entries: Iterable<readonly [unknown, unknown]>,
  all: unknown,
  callback: Callback,
  visit: Visit,
): Promise<void> {
  const run = runOf(call);
  const arity = Math.max(1, Math.min(arityOf(callback), 3));
  for (const [key, value] of entries) {
    visit(value, await callBack(call, callback, [value, key, all].slice(0, arity)));
    const pause = run.pause();
    if (pause) await pause;
  }
}

/** Keeps a single item that is a list in its list. JSONata would otherwise return the item's items. */
export function keepList(items: Sequence): unknown[] {
  // JSONata does not change a list that is no sequence.
  return items.length === 1 && Array.isArray(items[0]) ? [items[0]] : items;
}

function isTrue(value: unknown): boolean {
  return value === true || Boolean(toBoolean(value));
}
