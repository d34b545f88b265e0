import { describe, expect, test } from 'vitest';
import { KeyedMutex } from '../../src/promise/keyed-mutex.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';

const timeoutError = (key: string) => new Error(`${key} is busy`);

describe('KeyedMutex', () => {
  test('runs the work of a key one at a time, in the order of the calls, and that of other keys meanwhile', async () => {
    const mutex = new KeyedMutex(60_000, timeoutError);
    const { opened, open } = gate();
    const done: number[] = [];
    const first = mutex.run('a', async () => {
      await opened;
      done.push(1);
    });
    const second = mutex.run('a', async () => void done.push(2));
    const third = mutex.run('a', async () => void done.push(3));
    await mutex.run('b', async () => void done.push(0));
    open();
    await Promise.all([first, second, third]);
    expect(done).toEqual([0, 1, 2, 3]);
  });

  test('rejects a call that has waited for too long, and runs later calls', async () => {
    const mutex = new KeyedMutex(1, timeoutError);
    const { opened, open } = gate();
    const first = mutex.run('a', () => opened);
    await expect(mutex.run('a', async () => {})).rejects.toThrow('a is busy');
    open();
    await first;
    let done = false;
    await mutex.run('a', async () => {
      done = true;
    });
    expect(done).toBe(true);
  });

  test('runs the next call after work that failed', async () => {
    const mutex = new KeyedMutex(60_000, timeoutError);
    await expect(mutex.run('a', () => Promise.reject(new Error('of the work')))).rejects.toThrow('of the work');
    await mutex.run('a', async () => {});
  });

  test('waits for the first call also after another one has timed out', async () => {
    const mutex = new KeyedMutex(1, timeoutError);
    const { opened, open } = gate();
    const first = mutex.run('a', () => opened);
    for (let refused = 0; refused < 2; refused += 1) {
      await expect(mutex.run('a', async () => {})).rejects.toThrow('a is busy');
    }
    open();
    await first;
  });
});
