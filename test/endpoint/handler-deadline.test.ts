import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HandlerDeadline } from '../../src/endpoint/handler-deadline.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<never>(() => {});

/** What became of it so far. */
function watch(waiting: Promise<boolean>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'waiting' };
  waiting.then(
    (inTime) => {
      watched.outcome = inTime;
    },
    (error) => {
      watched.outcome = error;
    },
  );
  return watched;
}

describe('the deadline of handlers', () => {
  test('lets through what is done in time', async () => {
    const deadline = new HandlerDeadline(1000);
    expect(await deadline.wait(Promise.resolve('result'))).toBe(true);
  });

  test('passes on what is thrown in time', async () => {
    const error = new Error('no such customer');
    await expect(new HandlerDeadline(1000).wait(Promise.reject(error))).rejects.toBe(error);
  });

  test('ends for each handler as long after its own beginning', async () => {
    const deadline = new HandlerDeadline(1000);
    const first = watch(deadline.wait(never));
    await vi.advanceTimersByTimeAsync(400);
    const second = watch(deadline.wait(never));
    await vi.advanceTimersByTimeAsync(599);
    expect([first.outcome, second.outcome]).toEqual(['waiting', 'waiting']);
    await vi.advanceTimersByTimeAsync(1);
    expect([first.outcome, second.outcome]).toEqual([false, 'waiting']);
    await vi.advanceTimersByTimeAsync(399);
    expect(second.outcome).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1);
    expect(second.outcome).toBe(false);
  });

  test('still ends after a time in which nothing ran', async () => {
    const deadline = new HandlerDeadline(1000);
    await deadline.wait(Promise.resolve());
    await vi.advanceTimersByTimeAsync(5000);
    const late = watch(deadline.wait(never));
    await vi.advanceTimersByTimeAsync(1000);
    expect(late.outcome).toBe(false);
  });

  test('drops what a handler throws after its end', async () => {
    let fail = (_: Error) => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const waiting = watch(new HandlerDeadline(1000).wait(work));
    await vi.advanceTimersByTimeAsync(1000);
    fail(new Error('too late'));
    // An unhandled rejection would fail the run.
    await vi.advanceTimersByTimeAsync(1);
    expect(waiting.outcome).toBe(false);
  });

  test('may be longer than a timer can be', async () => {
    const waiting = watch(new HandlerDeadline(2 ** 40).wait(never));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(waiting.outcome).toBe('waiting');
  });
});
