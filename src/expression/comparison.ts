import { andThen, type MaybePromise } from '../promise/maybe-promise.ts';
import { type ItemPauses, runOf } from './expression-run.ts';
import type { Call } from './jsonata-internals.ts';

// JSONata's own operators compare large lists in one turn of the event loop, and texts that many items share as often as
// they occur.

/** The number of characters that are compared in the time of one item. */
const charactersOfItem = 200;

/** `=`: of lists and objects, by their items. */
export function isEqual(call: Call, left: unknown, right: unknown): MaybePromise<boolean> {
  if (left === undefined || right === undefined) return false;
  if (left === right) return true;
  return isObject(left) && isObject(right) ? isDeepEqual(left, right, runOf(call).itemPauses()) : false;
}

/** `!=`. */
export function isUnequal(call: Call, left: unknown, right: unknown): MaybePromise<boolean> {
  if (left === undefined || right === undefined) return false;
  return andThen(isEqual(call, left, right), (equal) => !equal);
}

/** `in`: compares values, but lists and objects only by their identity. */
export function isIncluded(call: Call, value: unknown, list: unknown): MaybePromise<boolean> {
  if (value === undefined || list === undefined) return false;
  if (!Array.isArray(list)) return value === list;
  return typeof value === 'string' ? includesText(call, list, value) : list.indexOf(value) !== -1;
}

async function includesText(call: Call, list: readonly unknown[], text: string): Promise<boolean> {
  const pauses = runOf(call).itemPauses();
  for (const item of list) {
    if (item === text) return true;
    const pause = pauses(workOf(item));
    if (pause) await pause;
  }
  return false;
}

/** Two lists, or two objects, whose items are being compared. */
interface OpenPair {
  readonly left: Readonly<Record<string | number, unknown>>;
  readonly right: Readonly<Record<string | number, unknown>>;
  /** The keys of objects. */
  readonly keys: readonly string[] | undefined;
  readonly size: number;
  next: number;
}

/** Compares two lists or objects, in slices if they are large. It does not recurse, so their depth has no limit. */
function isDeepEqual(left: object, right: object, pauses: ItemPauses): MaybePromise<boolean> {
  const first = pairOf(left, right);
  if (first === undefined) return false;
  const open: OpenPair[] = [first];
  const compareRest = (): MaybePromise<boolean> => {
    for (let pair = open.at(-1); pair !== undefined; pair = open.at(-1)) {
      if (pair.next >= pair.size) {
        open.pop();
        continue;
      }
      const key = pair.keys?.[pair.next] ?? pair.next;
      pair.next += 1;
      const [a, b] = [pair.left[key], pair.right[key]];
      if (a !== b) {
        const inner = isObject(a) && isObject(b) ? pairOf(a, b) : undefined;
        if (inner === undefined) return false;
        open.push(inner);
      }
      const pause = pauses(workOf(a));
      if (pause) return pause.then(compareRest);
    }
    return true;
  };
  return compareRest();
}

/** Returns undefined for lists of different lengths, and for objects with different keys. */
function pairOf(left: object, right: object): OpenPair | undefined {
  const pair = { left: left as OpenPair['left'], right: right as OpenPair['right'], next: 0 };
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length ? { ...pair, keys: undefined, size: left.length } : undefined;
  }
  const keys = Object.getOwnPropertyNames(left);
  const others = Object.getOwnPropertyNames(right);
  if (keys.length !== others.length) return undefined;
  const known = new Set(others);
  return keys.every((key) => known.has(key)) ? { ...pair, keys, size: keys.length } : undefined;
}

/** Returns the work of comparing a value, in short items. */
export function workOf(value: unknown): number {
  return typeof value === 'string' ? 1 + value.length / charactersOfItem : 1;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
