import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LeaseBook } from '../../../src/delivery/pull/lease-book.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A lease of a message whose outcome the test decides. */
function leased() {
  const book = new LeaseBook(600_000);
  const ends: (Error | undefined)[] = [];
  let decide: (outcome: string) => void = () => {};
  const settled = new Promise<string>((resolve) => {
    decide = resolve;
  });
  const delivery = { isLost: false, settled };
  const { lease } = book.begin(
    { endpointId: 'pay', json: '{}', delivery, end: (error) => void ends.push(error) },
    300_000,
  );
  return { book, lease, ends, delivery, decide };
}

describe('a lease that is settled while the broker does not answer', () => {
  test('is pending after 30 s, and its message has ended once', async () => {
    const { book, lease, ends } = leased();
    const settling = book.settle(lease);
    const watched = vi.fn();
    void settling.then(watched);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(watched).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(watched).toHaveBeenCalledWith({ lease, result: 'pending', detail: expect.stringContaining('not lost') });
    expect(ends).toEqual([undefined]);
    expect(book.size).toBe(0);
  });

  test('has its outcome for a later repetition, also for those that wait together', async () => {
    const { book, lease, decide } = leased();
    const first = book.settle(lease);
    const meanwhile = book.settle(lease);
    await vi.advanceTimersByTimeAsync(30_100);
    expect((await first).result).toBe('pending');
    const repeated = [book.settle(lease), book.extend(lease, 1_000), meanwhile];
    await vi.advanceTimersByTimeAsync(10_000);
    decide('dead letter');
    const settled = { lease, result: 'settled', outcome: 'dead letter' };
    expect(await Promise.all(repeated)).toEqual([settled, settled, settled]);
    expect(await book.settle(lease)).toEqual(settled);
  });

  test('is pending again where the broker still does not answer', async () => {
    const { book, lease } = leased();
    const first = book.settle(lease);
    await vi.advanceTimersByTimeAsync(30_100);
    const second = book.settle(lease);
    await vi.advanceTimersByTimeAsync(30_100);
    expect([await first, await second]).toMatchObject([{ result: 'pending' }, { result: 'pending' }]);
  });

  test('has expired where the connection to the broker is lost meanwhile', async () => {
    const { book, lease, delivery, decide } = leased();
    const first = book.settle(lease);
    await vi.advanceTimersByTimeAsync(30_100);
    expect((await first).result).toBe('pending');
    delivery.isLost = true;
    decide('requeued');
    expect(await book.settle(lease)).toMatchObject({
      result: 'expired',
      detail: expect.stringContaining('redelivered'),
    });
  });

  test('stays settled when the connection is lost later', async () => {
    const { book, lease, delivery, decide } = leased();
    decide('handled');
    expect(await book.settle(lease)).toMatchObject({ result: 'settled' });
    delivery.isLost = true;
    expect(await book.settle(lease)).toMatchObject({ result: 'settled', outcome: 'handled' });
  });
});
