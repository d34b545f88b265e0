import { describe, expect, test } from 'vitest';
import { BatchRoom } from '../../../src/http/entries/batch-room.ts';

describe('the room of batches', () => {
  test('lets batches in while there is room, and the next one when one has ended', async () => {
    const room = new BatchRoom(100);
    const [first, second] = [await room.reserve(60), await room.reserve(40)];
    const order: string[] = [];
    const third = room.reserve(50).then((release) => {
      order.push('third');
      return release;
    });
    const fourth = room.reserve(1).then(() => order.push('fourth'));
    second();
    second();
    await Promise.resolve();
    expect(order).toEqual([]);
    first();
    await Promise.all([third, fourth]);
    expect(order).toEqual(['third', 'fourth']);
  });

  test('lets a batch in that is larger than all the room, once it is alone', async () => {
    const room = new BatchRoom(10);
    const release = await room.reserve(10_000);
    const next = room.reserve(1);
    release();
    (await next)();
    await room.reserve(10_000);
  });

  test('refuses a batch that waited for too long, and not those behind it', async () => {
    const room = new BatchRoom(10, 50);
    await room.reserve(8);
    const large = room.reserve(5);
    const small = room.reserve(2);
    await expect(large).rejects.toMatchObject({ code: 'too-many-in-flight', outcome: 'not-accepted' });
    await small;
  });

  test('admits the next batch when the entries of other batches leave room', async () => {
    const room = new BatchRoom(10);
    const first = await room.enter(30_000);
    const order: string[] = [];
    const second = room.enter(20_000).then(() => order.push('second'));
    const third = room.enter(1).then(() => order.push('third'));
    await Promise.resolve();
    expect(order).toEqual([]);
    first.shrinkTo(20);
    await Promise.all([second, third]);
    expect(order).toEqual(['second', 'third']);
    first.release();
    first.release();
    (await room.enter(19_999)).release();
  });

  test('refuses a batch whose entries have waited too long for room', async () => {
    const room = new BatchRoom(10, 20);
    const all = await room.enter(1_000_000);
    await expect(room.enter(1)).rejects.toMatchObject({ code: 'too-many-in-flight', outcome: 'not-accepted' });
    all.release();
    await room.enter(1);
  });
});
