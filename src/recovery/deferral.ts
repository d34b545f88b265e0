import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { countIn, type ReceivedMessage, resentMessage } from './retry-message.ts';

/**
 * The deferrals of a message without a handler. They are headers of the message, so every process and version reads
 * them.
 */
export interface Deferral {
  /** Time of the first delivery without a handler: milliseconds since 1970. */
  readonly sinceMs: number;
  /** Number of deferrals since then. */
  readonly count: number;
}

/**
 * Reads the deferrals of a message.
 *
 * @param nowMs milliseconds since 1970
 * @returns a deferral since now for a message that was never deferred. A time in the future, from a wrong clock or a
 * wrong sender, counts as now
 */
export function deferralOf(received: ReceivedMessage, nowMs: number): Deferral {
  const sinceMs = countIn(received, Header.deferredSince);
  const count = countIn(received, Header.deferrals);
  if (sinceMs === 0 || sinceMs > nowMs) return { sinceMs: nowMs, count };
  return { sinceMs, count };
}

const firstExponent = 10;
const lastExponent = 15;
const longestMs = 57_341;

/**
 * Returns the delay before a message is redelivered: 1 s, doubled each time, up to 57 s. In RabbitMQ each power
 * of two is one queue that the message passes. Each of these delays is one queue; the longest is three.
 *
 * @param count number of earlier deferrals
 */
export function deferralDelayMs(count: number): number {
  return count > lastExponent - firstExponent ? longestMs : 2 ** (firstExponent + count) - 1;
}

/** All delays of deferrals. The last delay of a message can be shorter. */
export const deferralDelaysMs: readonly number[] = [0, 1, 2, 3, 4, 5, 6].map(deferralDelayMs);

/**
 * Creates the message that is redelivered later. It is unchanged: an earlier failure keeps its attempts and its handler.
 *
 * @param deferral the deferrals before this one
 * @param expiresAtMs end of its time to live
 */
export function deferredMessage(
  received: ReceivedMessage,
  { sinceMs, count }: Deferral,
  expiresAtMs: number | undefined,
): TransportMessage {
  const message = resentMessage(received, expiresAtMs);
  const headers = {
    ...message.headers,
    [Header.deferredSince]: sinceMs,
    [Header.deferrals]: Math.min(count + 1, Number.MAX_SAFE_INTEGER),
  };
  return { ...message, headers };
}
