import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayLevels } from '../../src/engine/amqp/delay/delay-levels.ts';
import { inheritedFrom } from '../../src/message/inherited-headers.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { isReservedHeader } from '../../src/message/reserved-headers.ts';
import { deferralDelayMs, deferralOf, deferredMessage } from '../../src/recovery/deferral.ts';
import { type ReceivedMessage, retryMessage } from '../../src/recovery/retry-message.ts';

const received = (headers: MessageHeaders, viaBus = false): ReceivedMessage => {
  return { message: { headers, body: Buffer.from('{}') }, routingKey: 'order.placed', viaBus };
};
const deferred = { [Header.deferredSince]: 1000, [Header.deferrals]: 3 };

describe('the delay of a deferral', () => {
  test('is about 1 s, and doubles each time, up to about a minute', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7, 100, Number.MAX_SAFE_INTEGER].map(deferralDelayMs);
    expect(delays).toEqual([1023, 2047, 4095, 8191, 16_383, 32_767, 57_341, 57_341, 57_341, 57_341]);
  });

  test('is one queue on the broker, and three for the longest', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((count) => delayLevels(deferralDelayMs(count)).length)).toEqual([
      1, 1, 1, 1, 1, 1, 3,
    ]);
  });
});

describe('the deferral of a message', () => {
  test('is read from a message that was sent directly to the queue', () => {
    expect(deferralOf(received(deferred), 5000)).toEqual({ sinceMs: 1000, count: 3 });
  });

  test('begins now if there was none, and on the bus, where its sender wrote it', () => {
    expect(deferralOf(received({}), 5000)).toEqual({ sinceMs: 5000, count: 0 });
    expect(deferralOf(received(deferred, true), 5000)).toEqual({ sinceMs: 5000, count: 0 });
  });

  test('begins now if its start is in the future', () => {
    expect(deferralOf(received(deferred), 999)).toEqual({ sinceMs: 999, count: 3 });
  });

  test('is a past time and a count, whatever the headers contain', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (since, count) => {
        const headers = { [Header.deferredSince]: since, [Header.deferrals]: count };
        const deferral = deferralOf(received(headers), 5000);
        expect(deferral.sinceMs).toBeGreaterThan(0);
        expect(deferral.sinceMs).toBeLessThanOrEqual(5000);
        expect(Number.isSafeInteger(deferral.count) && deferral.count >= 0).toBe(true);
        const { headers: written } = deferredMessage(received(headers), deferral, undefined);
        expect(Number.isSafeInteger(written[Header.deferrals])).toBe(true);
      }),
    );
  });

  test('stays with the redelivered message, and counts', () => {
    const message = received({ ...deferred, a: 'b', [Header.attempts]: 2, [Header.failedEndpoint]: 'c' });
    expect(deferredMessage(message, { sinceMs: 1000, count: 3 }, 7000).headers).toEqual({
      a: 'b',
      [Header.attempts]: 2,
      [Header.failedEndpoint]: 'c',
      [Header.expiresAt]: 7000,
      [Header.deferredSince]: 1000,
      [Header.deferrals]: 4,
    });
  });

  test('replaces the headers of the sender on the bus, and keeps its key', () => {
    const claims = { ...deferred, [Header.attempts]: 9, [Header.retryNumber]: 9, [Header.failedEndpoint]: 'c' };
    expect(deferredMessage(received(claims, true), { sinceMs: 5000, count: 0 }, undefined).headers).toEqual({
      [Header.publishedKey]: 'order.placed',
      [Header.deferredSince]: 5000,
      [Header.deferrals]: 1,
    });
  });

  test.each([true, false])('is absent on the retry of a handler that failed (over the bus: %s)', (viaBus) => {
    const { headers } = retryMessage(received(deferred, viaBus), 'c', { attempts: 1, retries: 1 }, undefined);
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining([expect.stringContaining('defer')]));
  });

  test('can be set by no caller, and is not inherited', () => {
    expect(Object.keys(deferred).map(isReservedHeader)).toEqual([true, true]);
    expect(inheritedFrom({ headers: { ...deferred, a: 'b' }, payload: '' }).headers).toEqual({ a: 'b' });
  });
});
