import { runOf } from './expression-run.ts';
import type { Call } from './jsonata-internals.ts';

/**
 * Counts a key of a grouping. JSONata evaluates the keys one after the other, but then begins the values of all keys in
 * one turn of the event loop. This is the last place at which a grouping with too many keys can be ended.
 *
 * @param keys the keys of the grouping so far
 * @throws ExpressionError if the groupings that are evaluated at the same time have too many keys
 */
export function countKey(call: Call, key: unknown, keys: Set<unknown>): unknown {
  const before = keys.size;
  runOf(call).budget.enterKeys(keys.add(key).size - before);
  return key;
}

/** Counts the keys of a grouping no longer, because all its values are there. @returns the result of the grouping */
export function endGrouping(call: Call, keys: Set<unknown>, result: unknown): unknown {
  runOf(call).budget.leaveKeys(keys.size);
  return result;
}
