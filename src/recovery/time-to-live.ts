import type { Delivery } from '../engine/delivery.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import type { RegisteredHandler } from '../handler/handler-registry.ts';
import { Header } from '../message/message-headers.ts';

/** Until when a message may be handled, by the wall clock of this process. */
export interface TimeToLive {
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
  readonly wallMs: () => number;
}

/**
 * Looks up until when a delivery may be handled: as long as the channel says, and not beyond the time that stands on a
 * message which littoral has moved.
 *
 * @returns undefined for one that does not expire
 */
export function timeToLiveOf(
  { message: { headers }, timeToLiveMs }: Pick<Delivery, 'message' | 'timeToLiveMs'>,
  wallMs: () => number,
): TimeToLive | undefined {
  const written = headers[Header.expiresAt];
  const moved = Number.isSafeInteger(written) ? (written as number) : Number.POSITIVE_INFINITY;
  if (timeToLiveMs === undefined)
    return moved === Number.POSITIVE_INFINITY ? undefined : { expiresAtMs: moved, wallMs };
  // A channel can count in fractions; a moved message has whole milliseconds.
  return { expiresAtMs: Math.min(moved, Math.ceil(wallMs() + timeToLiveMs)), wallMs };
}

/** Makes a handler that is not called once its message has expired. The time is looked up at the last moment. */
export function calledInTime(handler: RegisteredHandler, timeToLive: TimeToLive | undefined): RegisteredHandler {
  if (timeToLive === undefined) return handler;
  const { expiresAtMs, wallMs } = timeToLive;
  return {
    ...handler,
    invoke(invocation) {
      if (wallMs() < expiresAtMs) return handler.invoke(invocation);
      throw new LittoralError(
        'expired',
        `The time to live of the message ended at ${timeText(expiresAtMs)}, before ${handler.name} was called.`,
      );
    },
  };
}

/**
 * Tells whether a retry would come too late.
 *
 * @param error what the handler failed with
 * @param delayMs how long the retry would wait
 * @returns the error that the message fails with instead; undefined where there is time for the retry
 */
export function expiredBeforeRetry(
  error: unknown,
  delayMs: number,
  name: string,
  timeToLive: TimeToLive | undefined,
): LittoralError | undefined {
  if (timeToLive === undefined || timeToLive.wallMs() + delayMs < timeToLive.expiresAtMs) return undefined;
  const end = timeText(timeToLive.expiresAtMs);
  const detail = `${name} failed, and the time to live of the message ends at ${end}, before the retry in ${delayMs} ms.`;
  return new LittoralError('expired', detail, { cause: error });
}

/**
 * Creates the error of a message that expired while it waited for a handler.
 *
 * @param error the reason why it had no handler
 */
export function expiredWithoutHandler({ expiresAtMs }: TimeToLive, error: unknown): LittoralError {
  const detail = `The time to live of the message ended at ${timeText(expiresAtMs)}, before a process had a handler for it.`;
  return new LittoralError('expired', detail, { cause: error });
}

/** Whether a handler was not called because its message has expired. */
export function hasExpired(error: unknown): boolean {
  return isLittoralError(error) && error.code === 'expired';
}

function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
