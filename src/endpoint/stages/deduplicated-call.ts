import type { KeyOfInvocation } from '../../deduplication/deduplication-key.ts';
import type { DeduplicationStore } from '../../deduplication/deduplication-store.ts';
import { LittoralError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { Header } from '../../message/message-headers.ts';
import { isPromiseLike, type MaybePromise } from '../../promise/maybe-promise.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { classOf, errorText, stackOf } from '../../text/error-chain.ts';
import type { DeadlineTimer } from '../../time/deadline-timer.ts';
import { failed, type ScopedCall } from '../handler-call.ts';
import type { InFlightKeys } from '../in-flight-keys.ts';
import type { Next } from '../stage.ts';

export interface DeduplicatedCallOptions {
  readonly call: ScopedCall;
  readonly keyOf: KeyOfInvocation;
  /** The beginning of every key of the handler in the store. */
  readonly prefix: string;
  readonly store: DeduplicationStore;
  readonly inFlight: InFlightKeys;
  /** Limits the time in which the store records. */
  readonly timer: DeadlineTimer;
  readonly logger: Logger;
}

/**
 * One call of a handler, which is made unless a copy of the message was handled before. If a copy is in flight, the
 * call waits for its end. It is synchronous if the key, the store and the handler are.
 */
export class DeduplicatedCall {
  readonly #options: DeduplicatedCallOptions;
  #key = '';
  #storeKey = '';
  /** True while copies have to wait for this call. */
  #isInFlight = false;
  #isOver = false;

  constructor(options: DeduplicatedCallOptions) {
    this.#options = options;
  }

  /**
   * Calls the handler unless it has handled a copy.
   *
   * @param next the inner stages, with the handler
   * @returns `interrupted` if the endpoint stops while it waits for a copy; a failure of the key's computation, or
   * LittoralError `deduplication-unavailable`
   */
  call(next: Next<ScopedCall, HandlerResult>): MaybePromise<HandlerResult> {
    const { call, keyOf } = this.#options;
    try {
      const key = keyOf(call.scope);
      if (!isPromiseLike(key)) return this.#withKey(key, next);
      return Promise.resolve(key).then(
        (resolved) => this.#withKey(resolved, next),
        (error) => failed(call, error),
      );
    } catch (error) {
      return failed(call, error);
    }
  }

  /**
   * Records the key if the handler succeeded, and ends the wait of copies, which skip the handler if it succeeded. A
   * step of this call that still waits has no effect any more.
   *
   * @returns the result, once the store has recorded. An error of the store is logged
   */
  end(result: HandlerResult): MaybePromise<HandlerResult> {
    if (result.kind !== 'handled' || !this.#isInFlight) {
      this.#isOver = true;
      this.#release(false);
      return result;
    }
    try {
      const recording: unknown = this.#options.store.record(this.#storeKey);
      if (isPromiseLike(recording)) return this.#whenRecorded(Promise.resolve(recording)).then(() => result);
    } catch (error) {
      this.#warn(error);
    }
    this.#release(true);
    return result;
  }

  #release(succeeded: boolean): void {
    if (!this.#isInFlight) return;
    this.#isInFlight = false;
    this.#options.inFlight.end(this.#storeKey, succeeded);
  }

  #withKey(key: string | undefined, next: Next<ScopedCall, HandlerResult>): MaybePromise<HandlerResult> {
    if (this.#isOver) return this.#late();
    const { call, inFlight, prefix } = this.#options;
    if (key === undefined) return next(call);
    this.#key = key;
    this.#storeKey = prefix + key;
    return inFlight.has(this.#storeKey) ? this.#afterOthers(next) : this.#lookUp(next);
  }

  async #afterOthers(next: Next<ScopedCall, HandlerResult>): Promise<HandlerResult> {
    const { inFlight } = this.#options;
    // When it fails, one of the copies that waited is called, and the others wait for that one.
    while (inFlight.has(this.#storeKey)) {
      const outcome = await inFlight.waitFor(this.#storeKey);
      if (outcome === 'stopped') return { kind: 'interrupted' };
      if (outcome === 'succeeded') return this.#skip();
      if (this.#isOver) return this.#late();
    }
    return this.#lookUp(next);
  }

  #lookUp(next: Next<ScopedCall, HandlerResult>): MaybePromise<HandlerResult> {
    const { inFlight, store } = this.#options;
    inFlight.begin(this.#storeKey);
    this.#isInFlight = true;
    let known: unknown;
    try {
      known = store.has(this.#storeKey);
      if (isPromiseLike(known)) {
        return Promise.resolve(known).then(
          (answer) => (this.#isOver ? this.#late() : this.#onAnswer(answer, next)),
          (error) => this.#unavailable(error),
        );
      }
    } catch (error) {
      return this.#unavailable(error);
    }
    return this.#onAnswer(known, next);
  }

  #onAnswer(known: unknown, next: Next<ScopedCall, HandlerResult>): MaybePromise<HandlerResult> {
    if (known === false) return next(this.#options.call);
    // A value that is not true must not count as true, because the message would be lost.
    if (known !== true) return this.#unavailable(new TypeError('has(…) returned neither true nor false'));
    this.#release(true);
    return this.#skip();
  }

  #skip(): HandlerResult {
    const { logger } = this.#options;
    if (logger.isLevelEnabled('debug'))
      logger.debug(this.#fields(), 'a duplicate was skipped: its message was handled before');
    return { kind: 'duplicate' };
  }

  async #whenRecorded(recording: Promise<unknown>): Promise<void> {
    try {
      const inTime = await this.#options.timer.wait(
        recording.then(() => true),
        () => false,
      );
      if (!inTime) throw new Error('it did not answer in time');
    } catch (error) {
      this.#warn(error);
    }
    this.#release(true);
  }

  /** A call whose deadline has passed counts as failed, and is retried. If it were made now, it would be made twice. */
  #late(): HandlerResult {
    return failed(this.#options.call, new Error('the time of this call is over'));
  }

  #unavailable(cause: unknown): HandlerResult {
    const { call } = this.#options;
    const error = new LittoralError(
      'deduplication-unavailable',
      `The ${call.handler.name} was not called: the deduplication store cannot tell whether it has handled the message before (${this.#reason(cause)}).`,
      { cause: this.#withoutKey(cause) },
    );
    return failed(call, error);
  }

  /** Returns an error with the texts of an error and of its causes, without the key. */
  #withoutKey(cause: unknown): Error {
    const shown = new Error(this.#reason(cause));
    shown.name = classOf(cause);
    shown.stack = `${shown.name}: ${shown.message}${stackOf(cause).frames.replaceAll(this.#key, '…')}`;
    return shown;
  }

  #warn(error: unknown): void {
    const fields = { ...this.#fields(), reason: this.#reason(error) };
    this.#options.logger.warn(
      fields,
      'handled, but not recorded by the deduplication store: a copy would be handled again',
    );
  }

  /** Returns the text of a store's error without the key, because the key can be a part of the payload. */
  #reason(error: unknown): string {
    return errorText(error, maxReadLength).replaceAll(this.#key, '…').slice(0, maxReasonLength);
  }

  #fields() {
    const { message, handler } = this.#options.call;
    return { messageId: message.headers[Header.id], endpointId: handler.endpointId };
  }
}

const maxReasonLength = 500;
/** Longer than the text that is shown: a key that is cut off would not be found. */
const maxReadLength = 16_384;
