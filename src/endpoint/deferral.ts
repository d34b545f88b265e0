import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { countIn, type ReceivedMessage, resentMessage } from './moved-message.ts';

/** How long a message has been without a handler. It travels with the message, so every process and version reads it. */
export interface Deferral {
  /** When it was first found without a handler: milliseconds since 1970. */
  readonly sinceMs: number;
  /** How often it has been deferred since then. */
  readonly count: number;
}

/**
 * Reads how long a message has been deferred.
 *
 * @param nowMs milliseconds since 1970
 * @returns since now, for a message that never was. A time that is yet to come, by a clock that is wrong or a sender that
 * is, counts as now
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
 * Returns how long a message waits before it comes again: 1 s, twice as long each time, up to 57 s. In RabbitMQ each power
 * of two is a queue that it passes, and these are one queue each, the longest three.
 *
 * @param count how often it has been deferred before
 */
export function deferralDelayMs(count: number): number {
  return count > lastExponent - firstExponent ? longestMs : 2 ** (firstExponent + count) - 1;
}

/** The delays with which messages are deferred. The last of each can be shorter. */
export const deferralDelaysMs: readonly number[] = [0, 1, 2, 3, 4, 5, 6].map(deferralDelayMs);

/**
 * Makes the message that comes again later, as it is: what failed before keeps its attempts and its handler.
 *
 * @param deferral before this time
 * @param expiresAtMs until when it may be handled
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
