import { expect, test } from 'vitest';
import { KeyedMutex } from '../../src/promise/keyed-mutex.ts';
import { caught } from '../caught.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';

test('one at a time looks through a queue, in the order of the calls, and others through other queues', async () => {
  const turns = new KeyedMutex(60_000);
  const { opened, open } = gate();
  const done: number[] = [];
  const first = turns.take('a', async () => {
    await opened;
    done.push(1);
  });
  const second = turns.take('a', async () => void done.push(2));
  const third = turns.take('a', async () => void done.push(3));
  await turns.take('b', async () => void done.push(0));
  open();
  await Promise.all([first, second, third]);
  expect(done).toEqual([0, 1, 2, 3]);
});

test('who has waited too long is refused, and holds nobody up', async () => {
  const turns = new KeyedMutex(1);
  const { opened, open } = gate();
  const first = turns.take('a', () => opened);
  expect(await caught(() => turns.take('a', async () => {}))).toMatchObject({ code: 'dead-letters-busy', status: 409 });
  open();
  await first;
  let done = false;
  await turns.take('a', async () => {
    done = true;
  });
  expect(done).toBe(true);
});

test('a look that fails is over', async () => {
  const turns = new KeyedMutex(60_000);
  await expect(turns.take('a', () => Promise.reject(new Error('of the look')))).rejects.toThrow('of the look');
  await turns.take('a', async () => {});
});

test('who comes after somebody that was refused still waits for the first', async () => {
  const turns = new KeyedMutex(1);
  const { opened, open } = gate();
  const first = turns.take('a', () => opened);
  for (let refused = 0; refused < 2; refused += 1) {
    expect(await caught(() => turns.take('a', async () => {}))).toMatchObject({ code: 'dead-letters-busy' });
  }
  open();
  await first;
});
