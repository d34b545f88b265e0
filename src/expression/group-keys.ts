import { runOf } from './expression-run.ts';
import type { Call, Frame } from './jsonata-internals.ts';

/** The keys of the groupings that JSONata is about to evaluate, by the frame and the number of the grouping. */
const openGroupings = new WeakMap<Frame, Map<string, Set<unknown>>>();

/**
 * Counts the keys of a grouping. JSONata evaluates the keys one after the other, but then begins the values of all keys
 * in one turn of the event loop. This is the last place at which a grouping with too many keys can be ended.
 *
 * @param grouping the number of the grouping in its expression, or its keys
 * @throws ExpressionError if the grouping has too many keys
 */
export function countKey(call: Call, key: unknown, grouping: string | Set<unknown>): unknown {
  const keys = typeof grouping === 'string' ? keysOf(call, grouping) : grouping;
  runOf(call).budget.assertKeys(keys.add(key).size);
  return key;
}

function keysOf({ environment }: Call, grouping: string): Set<unknown> {
  let groupings = openGroupings.get(environment);
  // JSONata has begun with values since the last key, so this key is the first of another grouping.
  if (groupings === undefined || environment.isParallelCall !== undefined) {
    groupings = new Map();
    openGroupings.set(environment, groupings);
    environment.isParallelCall = undefined;
  }
  const keys = groupings.get(grouping) ?? new Set();
  groupings.set(grouping, keys);
  return keys;
}
