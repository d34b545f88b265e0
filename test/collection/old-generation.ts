import { setImmediate } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';

const inFlight = 100;

/**
 * Adds 300,000 objects to a collection, of which a hundred are in it at a time. Before that, its table moves to the old
 * generation of the heap.
 *
 * @param add adds an object. @returns a function that removes it
 * @returns how much the old generation has grown meanwhile at most, in MiB
 */
export async function growthDuring(add: (value: object) => () => void): Promise<number> {
  const removals: (() => void)[] = [];
  const turn = (value: object) => {
    removals.push(add(value));
    if (removals.length > inFlight) removals.shift()?.();
  };
  for (let index = 0; index < 10 * inFlight; index++) turn(createValue(index));
  // The garbage ages what the collection has.
  for (let index = 0; index < 200_000; index++) createValue(index);
  const before = oldGeneration();
  let most = 0;
  for (let index = 0; index < 300_000; index++) {
    turn(createValue(index));
    if (index % 1000 === 0) most = Math.max(most, oldGeneration() - before);
    if (index % 10_000 === 0) await setImmediate();
  }
  return most / 2 ** 20;
}

function oldGeneration(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')?.space_used_size ?? Number.NaN;
}

function createValue(index: number): object {
  return { index, list: [1, 2, 3, index], nested: { index, deeper: { index } }, slots: new Array(30).fill(index) };
}
