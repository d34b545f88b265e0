import { longestDelayMs } from '../message/limits.ts';

// Symbols of the global registry: two copies of the package in one process must recognise each other's.
const retryLater: unique symbol = Symbol.for('littoral.retry-later') as never;
const reject: unique symbol = Symbol.for('littoral.reject') as never;

/** Options of `RetryLater`. */
export interface RetryLaterOptions extends ErrorOptions {
  /**
   * Milliseconds until the next attempt: an integer from 1 to 30 days. Default: by the retries of the handler.
   */
  readonly delayMs?: number;
}

/**
 * The error of a handler that cannot do its work yet: the handler is called again later. This counts as one of its
 * attempts; after the last one the message is a dead letter.
 */
export class RetryLater extends Error {
  readonly [retryLater] = true;
  /** The name of the class. */
  override readonly name = 'RetryLater';
  /** Milliseconds until the next attempt. Undefined: by the retries of the handler. */
  readonly delayMs: number | undefined;

  /**
   * @param reason for the log, and for the dead letter when this was the last attempt. Never a secret
   * @throws RangeError for a delay that is not an integer from 1 to 30 days
   */
  constructor(reason = 'The handler asks to be called again later.', { delayMs, ...options }: RetryLaterOptions = {}) {
    super(reason, options);
    if (delayMs !== undefined && !(Number.isInteger(delayMs) && delayMs >= 1 && delayMs <= longestDelayMs)) {
      throw new RangeError(`RetryLater: delayMs is not an integer from 1 to ${longestDelayMs} (30 days).`);
    }
    this.delayMs = delayMs;
  }
}

/** An error that a handler throws if no further attempt can help: the message becomes a dead letter at once. */
export class Reject extends Error {
  readonly [reject] = true;
  /** The name of the class. */
  override readonly name = 'Reject';

  /** @param reason for the log and the dead letter. Never a secret */
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
  }
}

/** The next attempt that a handler asks for by its error. */
export interface RetryHint {
  /** True if another attempt can help. */
  readonly retryable: boolean;
  /** True if it asked for a delay. */
  readonly later: boolean;
  /** Milliseconds until the next attempt, if it named them. */
  readonly delayMs?: number | undefined;
}

const retryable: RetryHint = { retryable: true, later: false };
const permanent: RetryHint = { retryable: false, later: false };

/**
 * Returns the hint of an error. Any value can be thrown, and reading it can throw. An error with `retryable: false`, as
 * some of littoral are, is permanent.
 */
export function retryHint(error: unknown): RetryHint {
  try {
    if (typeof error !== 'object' || error === null) return retryable;
    if (retryLater in error) return { retryable: true, later: true, delayMs: (error as RetryLater).delayMs };
    if (reject in error) return permanent;
    return (error as { retryable?: unknown }).retryable === false ? permanent : retryable;
  } catch {
    return retryable;
  }
}

/** Makes an error ask for a delay before the next attempt, as `RetryLater` does. @returns the error */
export function withRetryDelay<Thrown extends Error>(error: Thrown, delayMs: number): Thrown {
  return Object.defineProperties(error, { [retryLater]: { value: true }, delayMs: { value: delayMs } });
}
