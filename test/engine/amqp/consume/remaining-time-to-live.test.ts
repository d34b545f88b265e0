import { describe, expect, test } from 'vitest';
import { remainingTimeToLive } from '../../../../src/engine/amqp/consume/remaining-time-to-live.ts';

const sentAt = 1_700_000_000;
/** So many milliseconds after the end of the second in which the message was sent. */
const later = (ms: number) => (sentAt + 1) * 1000 + ms;
const minute = { expiration: '60000' };

describe('what is left of a time to live', () => {
  test.each([
    ['all of it in the second of the sending', -300, 60_000],
    ['all of it at the end of that second', 0, 60_000],
    ['less by what the message has waited', 20_000, 40_000],
    ['a millisecond at last', 59_999, 1],
  ])('is %s', (_, ms, left) => {
    expect(remainingTimeToLive(minute, { timestamp: sentAt }, later(ms))).toBe(left);
    expect(remainingTimeToLive({ ...minute, timestamp: sentAt }, {}, later(ms))).toBe(left);
  });

  test.each([
    ['says that it has expired, which RabbitMQ would know', later(60_000)],
    ['lies in the future', later(-3_600_000)],
  ])('is all of it where the timestamp %s', (_, nowMs) => {
    expect(remainingTimeToLive(minute, { timestamp: sentAt }, nowMs)).toBe(60_000);
  });

  test.each([{}, { timestamp: 'yesterday' }, { timestamp: 1.7e12 }, { timestamp: null }])(
    'is all of it where the header is %j',
    (headers) => {
      expect(remainingTimeToLive(minute, headers as never, later(20_000))).toBe(60_000);
    },
  );

  test('is counted from the property where both are there, for that is written when a delay is over', () => {
    const headers = { timestamp: sentAt - 30 };
    expect(remainingTimeToLive({ ...minute, timestamp: sentAt }, headers, later(20_000))).toBe(40_000);
    expect(remainingTimeToLive({ ...minute, timestamp: 0 }, headers, later(0))).toBe(30_000);
  });

  test.each([undefined, '', 'soon', '-1', '99999999999'])('is none without an expiration: %s', (expiration) => {
    expect(remainingTimeToLive({ expiration }, { timestamp: sentAt }, later(0))).toBeUndefined();
  });
});
