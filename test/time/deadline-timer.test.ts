import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeadlineTimer } from '../../src/time/deadline-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<never>(() => {});

const late = () => 'late';

/** Records the outcome of a wait. */
function watch(waiting: Promise<unknown>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'waiting' };
  waiting.then(
    (result) => {
      watched.outcome = result;
    },
    (error) => {
      watched.outcome = error;
    },
  );
  return watched;
}

describe('the deadline timer', () => {
  test('lets through what is done in time', async () => {
    const deadline = new DeadlineTimer(1000);
    expect(await deadline.wait(Promise.resolve('result'), late)).toBe('result');
  });

  test('passes on what is thrown in time', async () => {
    const error = new Error('no such customer');
    await expect(new DeadlineTimer(1000).wait(Promise.reject(error), late)).rejects.toBe(error);
  });

  test('ends for each handler as long after its own beginning', async () => {
    const deadline = new DeadlineTimer(1000);
    const first = watch(deadline.wait(never, late));
    await vi.advanceTimersByTimeAsync(400);
    const second = watch(deadline.wait(never, late));
    await vi.advanceTimersByTimeAsync(599);
    expect([first.outcome, second.outcome]).toEqual(['waiting', 'waiting']);
    await vi.advanceTimersByTimeAsync(1);
    expect([first.outcome, second.outcome]).toEqual(['late', 'waiting']);
    await vi.advanceTimersByTimeAsync(399);
    expect(second.outcome).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1);
    expect(second.outcome).toBe('late');
  });

  test('still ends after a time in which nothing ran', async () => {
    const deadline = new DeadlineTimer(1000);
    await deadline.wait(Promise.resolve(''), late);
    await vi.advanceTimersByTimeAsync(5000);
    const waiting = watch(deadline.wait(never, late));
    await vi.advanceTimersByTimeAsync(1000);
    expect(waiting.outcome).toBe('late');
  });

  test('drops what a handler throws after its end', async () => {
    let fail = (_: Error) => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const waiting = watch(new DeadlineTimer(1000).wait(work, late));
    await vi.advanceTimersByTimeAsync(1000);
    fail(new Error('too late'));
    // An unhandled rejection would fail the run.
    await vi.advanceTimersByTimeAsync(1);
    expect(waiting.outcome).toBe('late');
  });

  test('may be longer than a timer can be', async () => {
    const waiting = watch(new DeadlineTimer(2 ** 40).wait(never, late));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(waiting.outcome).toBe('waiting');
  });
});
