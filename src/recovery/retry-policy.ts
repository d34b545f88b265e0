import { isLittoralError } from '../errors.ts';
import { verdictOf } from '../handler/handler-verdict.ts';
import type { ErrorKind, InstantRetries, Retries } from '../handler/retries.ts';
import { longestDelayMs } from '../message/longest-delay.ts';

const defaults = { maxAttempts: 3, initialDelayMs: 1000, multiplier: 10, maxDelayMs: 3_600_000 };

/** Decides when a handler that failed is tried again. */
export class RetryPolicy {
  readonly #delayed: typeof defaults;
  readonly #instantAttempts: number;
  readonly #instantErrors: readonly ErrorKind[] | undefined;

  /** @param settings from the least to the most specific: the service's, then the handler's */
  constructor(...settings: readonly (Retries | undefined)[]) {
    const given = settings.map(({ instant: _, ...delayed } = {}) => definedOf(delayed));
    this.#delayed = Object.assign({ ...defaults }, ...given);
    const instant: InstantRetries = Object.assign({}, ...settings.map((setting) => definedOf(setting?.instant ?? {})));
    this.#instantAttempts = instant.maxAttempts ?? 0;
    this.#instantErrors = instant.errors;
  }

  /**
   * @param earlier how many instant retries this delivery has had
   * @returns whether to call the handler again at once
   */
  isInstant(error: unknown, earlier: number): boolean {
    if (earlier >= this.#instantAttempts) return false;
    const { retryable, later } = verdictOf(error);
    if (!retryable || later) return false;
    return this.#instantErrors === undefined || this.#instantErrors.some((kind) => isOfKind(error, kind));
  }

  /** Returns each distinct delay of the policy. */
  delaysMs(): number[] {
    const delays = new Set<number>();
    for (let earlier = 0; earlier < this.#delayed.maxAttempts; earlier++) delays.add(this.#delayBefore(earlier));
    return [...delays];
  }

  /**
   * @param earlier how many delayed retries the message has had
   * @returns after how many milliseconds to try again; undefined: never
   */
  delayMs(error: unknown, earlier: number): number | undefined {
    const verdict = verdictOf(error);
    if (!verdict.retryable || earlier >= this.#delayed.maxAttempts) return undefined;
    // What a handler of another copy of littoral asks for was checked by that copy only.
    return isDelay(verdict.delayMs) ? verdict.delayMs : this.#delayBefore(earlier);
  }

  #delayBefore(earlier: number): number {
    const { initialDelayMs, multiplier, maxDelayMs } = this.#delayed;
    return Math.ceil(Math.min(maxDelayMs, initialDelayMs * multiplier ** earlier));
  }
}

function isDelay(delayMs: unknown): delayMs is number {
  return Number.isInteger(delayMs) && (delayMs as number) >= 1 && (delayMs as number) <= longestDelayMs;
}

/** An error is of the kind of every class that it inherits from, whatever its own name says. */
function isOfKind(error: unknown, kind: ErrorKind): boolean {
  try {
    if (typeof kind === 'function') return error instanceof kind;
    if (isLittoralError(error) && error.code === kind) return true;
    if ((error as Error).name === kind) return true;
    for (let type = Object.getPrototypeOf(error); type !== null; type = Object.getPrototypeOf(type)) {
      if (type.constructor?.name === kind) return true;
    }
  } catch {
    // It cannot be read, or has no prototype.
  }
  return false;
}

/** A setting may be written as undefined. */
function definedOf(settings: object): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
