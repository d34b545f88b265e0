import { describe, expect, test, vi } from 'vitest';
import { Header } from '../../../src/message/message-headers.ts';
import { newMessageId } from '../../../src/message/message-id.ts';
import { QueueAge } from '../../../src/observe/metrics/queue-age.ts';
import { QueueDepths } from '../../../src/observe/metrics/queue-depths.ts';
import { sentAtMs } from '../../../src/observe/metrics/sent-at.ts';

describe('the depths of queues', () => {
  test('are asked for once, however often they are read', async () => {
    const count = vi.fn(async () => 7);
    const depths = new QueueDepths(['a', 'b'], count);
    await Promise.all(Array.from({ length: 100 }, () => depths.refresh()));
    for (let reading = 0; reading < 100; reading += 1) await depths.refresh();
    expect(count.mock.calls).toEqual([['a'], ['b']]);
    expect([depths.of('a'), depths.of('b'), depths.of('c')]).toEqual([7, 7, undefined]);
  });

  test('are unknown while the broker owes its answer, which no reading waits for', async () => {
    let answer: (count: number | undefined) => void = () => {};
    const asked = new Promise<number | undefined>((resolve) => {
      answer = resolve;
    });
    const depths = new QueueDepths(['a'], () => asked);
    await depths.refresh();
    expect(depths.of('a')).toBeUndefined();
    answer(3);
    await vi.waitFor(() => expect(depths.of('a')).toBe(3));
  });

  test('are unknown once the broker is away', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const answers = [4, undefined];
      const depths = new QueueDepths(['a'], async () => answers.shift());
      await depths.refresh();
      expect(depths.of('a')).toBe(4);
      vi.advanceTimersByTime(5_000);
      await depths.refresh();
      expect(depths.of('a')).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the age of the oldest message', () => {
  test('is that of the last one that was delivered, or the time since the queue was empty, whichever is less', () => {
    let nowMs = 1_000_000;
    const age = new QueueAge(() => nowMs);
    expect(age.seconds(undefined, undefined)).toBeUndefined();
    nowMs += 5_000;
    expect(age.seconds(3, undefined)).toBe(5);
    expect(age.seconds(3, nowMs - 2_000)).toBe(2);
    expect(age.seconds(0, nowMs - 2_000)).toBe(0);
    nowMs += 30_000;
    expect(age.seconds(1, nowMs - 3_600_000)).toBe(30);
    // The clock of the sender is ahead.
    expect(age.seconds(1, nowMs + 10_000)).toBe(0);
  });
});

describe('the time at which a message was sent', () => {
  test('is that of its id where that is of version 7 and agrees with the header', () => {
    const beforeMs = Date.now();
    const id = newMessageId();
    const sentMs = sentAtMs({ [Header.id]: id, [Header.timestamp]: Math.floor(beforeMs / 1000) });
    expect(sentMs).toBeGreaterThanOrEqual(beforeMs);
    expect(sentMs).toBeLessThanOrEqual(Date.now() + 1);
  });

  test.each([
    ['of another version', '5f3e1c52-3b1e-4c8a-9d53-6c1f0b7f4e21'],
    ['of another time', '00000000-0000-7000-8000-000000000000'],
    ['no UUID', '7'.repeat(36)],
    ['no text', 7],
  ])('is that of the header if the id is %s', (_, id) => {
    expect(sentAtMs({ [Header.id]: id, [Header.timestamp]: 1_700_000_000 })).toBe(1_700_000_000_000);
  });

  test.each([undefined, 'yesterday', -1, 0, Number.NaN, 5n])('is unknown for a header of %s', (timestamp) => {
    expect(sentAtMs({ [Header.id]: newMessageId(), [Header.timestamp]: timestamp })).toBeUndefined();
  });
});
