import { longestDelayMs } from '../message/longest-delay.ts';

// Symbols of the global registry: two copies of the package in one process must recognise each other's.
const retryLater: unique symbol = Symbol.for('littoral.retry-later') as never;
const reject: unique symbol = Symbol.for('littoral.reject') as never;

/** Options of `RetryLater`. */
export interface RetryLaterOptions extends ErrorOptions {
  /** Milliseconds until the next attempt: an integer from 1 to 30 days. Default: what the retries of the handler say. */
  readonly delayMs?: number;
}

/**
 * To be thrown by a handler that cannot do its work yet: it is called again later. That counts as one of its attempts,
 * and after the last of them the message is a dead letter.
 */
export class RetryLater extends Error {
  readonly [retryLater] = true;
  /** The name of the class. */
  override readonly name = 'RetryLater';
  /** Milliseconds until the next attempt. None: as the retries of the handler say. */
  readonly delayMs: number | undefined;

  /**
   * @param reason for the log, and for the dead letter when this was the last attempt. Never a secret
   * @throws RangeError for a delay that cannot be
   */
  constructor(reason = 'The handler asks to be called again later.', { delayMs, ...options }: RetryLaterOptions = {}) {
    super(reason, options);
    if (delayMs !== undefined && !(Number.isInteger(delayMs) && delayMs >= 1 && delayMs <= longestDelayMs)) {
      throw new RangeError(`RetryLater: delayMs is not an integer from 1 to ${longestDelayMs} (30 days).`);
    }
    this.delayMs = delayMs;
  }
}

/** To be thrown by a handler for which no attempt can help: the message is a dead letter at once. */
export class Reject extends Error {
  readonly [reject] = true;
  /** The name of the class. */
  override readonly name = 'Reject';

  /** @param reason for the log and the dead letter. Never a secret */
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
  }
}

/** What a handler says with an error about its next attempt. Anything can be thrown, and reading it can throw once more. */
export interface HandlerVerdict {
  /** Whether another attempt can help. */
  readonly retryable: boolean;
  /** Whether it asked to be called later, not at once. */
  readonly later: boolean;
  /** After how many milliseconds, where it said so. */
  readonly delayMs?: number | undefined;
}

const plain: HandlerVerdict = { retryable: true, later: false };
const final: HandlerVerdict = { retryable: false, later: false };

/** An error that says `retryable: false` of itself, as those of littoral do, is believed. */
export function verdictOf(error: unknown): HandlerVerdict {
  try {
    if (typeof error !== 'object' || error === null) return plain;
    if (retryLater in error) return { retryable: true, later: true, delayMs: (error as RetryLater).delayMs };
    if (reject in error) return final;
    return (error as { retryable?: unknown }).retryable === false ? final : plain;
  } catch {
    return plain;
  }
}
