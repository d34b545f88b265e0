import { runOf } from './expression-run.ts';
import type { Call } from './jsonata-internals.ts';

/**
 * Counts the keys of a grouping. JSONata evaluates the keys one after the other, but then begins the values of all keys
 * in one turn of the event loop. This is the last place at which a grouping with too many keys can be ended.
 *
 * @param keys the keys of the grouping so far
 * @throws ExpressionError if the grouping has too many keys
 */
export function countKey(call: Call, key: unknown, keys: Set<unknown>): unknown {
  runOf(call).budget.assertKeys(keys.add(key).size);
  return key;
}
