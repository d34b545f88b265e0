import type { Delivery } from '../engine/delivery.ts';
import { LittoralError } from '../errors.ts';
import { Header } from '../message/message-headers.ts';

/** The end of a message's time to live, by the wall clock of this process. */
export interface TimeToLive {
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
  readonly wallMs: () => number;
}

/**
 * Returns the end of a delivery's time to live: the channel's, and not later than the time in the headers of a retry.
 *
 * @returns undefined for one that does not expire
 */
export function timeToLiveOf(
  { message: { headers }, timeToLiveMs }: Pick<Delivery, 'message' | 'timeToLiveMs'>,
  wallMs: () => number,
): TimeToLive | undefined {
  const written = headers[Header.expiresAt];
  const retried = Number.isSafeInteger(written) ? (written as number) : Number.POSITIVE_INFINITY;
  if (timeToLiveMs === undefined)
    return retried === Number.POSITIVE_INFINITY ? undefined : { expiresAtMs: retried, wallMs };
  // A channel can count in fractions; a header has whole milliseconds.
  return { expiresAtMs: Math.min(retried, Math.ceil(wallMs() + timeToLiveMs)), wallMs };
}

/** Returns the error of a call that comes too late; undefined while the handler may be called. */
export function expiredBeforeCall({ expiresAtMs, wallMs }: TimeToLive, name: string): LittoralError | undefined {
  if (wallMs() < expiresAtMs) return undefined;
  return new LittoralError(
    'expired',
    `The time to live of the message ended at ${timeText(expiresAtMs)}, before ${name} was called.`,
  );
}

/**
 * Returns the error that replaces the handler's where a retry would come too late; undefined where there is time for it.
 *
 * @param error the error of the handler
 * @param delayMs delay of the retry
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

function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
