import { isLittoralError } from '../errors.ts';
import type { CompleteRetries, ErrorKind, Retries } from '../handler/retries.ts';
import { retryHint } from '../handler/retry-hint.ts';
import { longestDelayMs } from '../message/limits.ts';

/** Minimum number of steps by which jitter shortens a delay. Few steps need few delay queues. */
const jitterSteps = 16;

/** Decides when a handler that failed is tried again. */
export class RetryPolicy {
  readonly #delayed: Omit<CompleteRetries, 'instant'>;
  readonly #instantAttempts: number;
  readonly #instantErrors: readonly ErrorKind[] | undefined;

  /** @param ofHandler overrides the retries of the service, setting by setting */
  constructor(ofService: CompleteRetries, ofHandler: Retries = {}) {
    const { instant: instantOfHandler = {}, ...delayed } = ofHandler;
    this.#delayed = { ...ofService, ...definedOf(delayed) };
    const instant = { ...ofService.instant, ...definedOf(instantOfHandler) };
    this.#instantAttempts = instant.maxAttempts;
    this.#instantErrors = instant.errors;
  }

  /**
   * @param earlier how many instant retries this delivery has had
   * @returns whether to call the handler again at once
   */
  isInstant(error: unknown, earlier: number): boolean {
    if (earlier >= this.#instantAttempts) return false;
    const { retryable, later } = retryHint(error);
    if (!retryable || later) return false;
    return this.#instantErrors === undefined || this.#instantErrors.some((kind) => isOfKind(error, kind));
  }

  /** Returns each delay that the policy can choose, so that they can be prepared. */
  delaysMs(): number[] {
    const delays = new Set<number>();
    for (let earlier = 0; earlier < this.#delayed.maxAttempts; earlier++) {
      const longestMs = this.#delayBefore(earlier);
      const steps = this.#jitterSteps(longestMs);
      for (let step = 0; step <= steps.count; step++) delays.add(shortened(longestMs, step * steps.ms));
    }
    return [...delays];
  }

  /**
   * @param earlier number of delayed retries that the message has had
   * @param random returns a number from 0 to less than 1, which chooses the jitter
   * @returns milliseconds until the next attempt; undefined if there is none
   */
  delayMs(error: unknown, earlier: number, random: () => number = Math.random): number | undefined {
    const hint = retryHint(error);
    if (!hint.retryable || earlier >= this.#delayed.maxAttempts) return undefined;
    // Only the other copy of littoral has checked the delay that its handler asks for.
    if (isDelay(hint.delayMs)) return hint.delayMs;
    const longestMs = this.#delayBefore(earlier);
    const steps = this.#jitterSteps(longestMs);
    return shortened(longestMs, Math.floor(random() * (steps.count + 1)) * steps.ms);
  }

  /** Returns the steps by which a delay can be shorter. Powers of two, because a channel may add up delays of such. */
  #jitterSteps(delayMs: number): { readonly ms: number; readonly count: number } {
    const rangeMs = delayMs * this.#delayed.jitter;
    const ms = Math.max(1, 2 ** Math.floor(Math.log2(rangeMs / jitterSteps)));
    return { ms, count: Math.floor(rangeMs / ms) };
  }

  #delayBefore(earlier: number): number {
    const { initialDelayMs, multiplier, maxDelayMs } = this.#delayed;
    return Math.ceil(Math.min(maxDelayMs, initialDelayMs * multiplier ** earlier));
  }
}

function shortened(delayMs: number, byMs: number): number {
  return Math.max(1, delayMs - byMs);
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
