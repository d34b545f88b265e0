import type { KeyOfInvocation } from '../deduplication/deduplication-key.ts';
import type { DeduplicationStore } from '../deduplication/deduplication-store.ts';
import { LittoralError } from '../errors.ts';
import type { RegisteredHandler } from '../handler/handler-registry.ts';
import type { InvocationScope } from '../handler/invocation-scope.ts';
import type { Logger } from '../logger.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { isThenable } from '../promise/maybe-promise.ts';
import { classOf, errorText, stackOf } from '../text/error-chain.ts';
import type { CopiesInHand } from './copies-in-hand.ts';
import type { HandlerDeadline } from './handler-deadline.ts';

/** What a call gives that was not made, because the handler has handled a copy of the message. */
export const duplicate = Symbol('duplicate');

export interface DeduplicatedCallOptions {
  readonly handler: RegisteredHandler;
  readonly message: Message;
  readonly keyOf: KeyOfInvocation;
  /** What makes a key in the store of the handler's own. */
  readonly prefix: string;
  readonly store: DeduplicationStore;
  readonly copies: CopiesInHand;
  /** For the store to record. */
  readonly deadline: HandlerDeadline;
  readonly logger: Logger;
}

/**
 * One call of a handler, which is made unless a copy of the message was handled before. Where a copy is being handled at
 * the same time, it waits for the end of that. It is synchronous where the key, the store and the handler are.
 */
export class DeduplicatedCall {
  readonly #options: DeduplicatedCallOptions;
  #key = '';
  #storeKey = '';
  /** Whether copies have to wait for this call. */
  #isInHand = false;
  #isOver = false;

  constructor(options: DeduplicatedCallOptions) {
    this.#options = options;
  }

  /**
   * @returns what the handler returned, or `duplicate`
   * @throws what the handler or the computation of the key throws; LittoralError `deduplication-unavailable`; the reason
   * of a stop, when it came while this waited for a copy
   */
  invoke(scope: InvocationScope): unknown {
    const key = this.#options.keyOf(scope);
    return isThenable(key) ? key.then((resolved) => this.#withKey(resolved, scope)) : this.#withKey(key, scope);
  }

  /**
   * To be called when the call has succeeded, with all that belongs to it.
   *
   * @returns a promise where the store is asynchronous. What fails is logged
   */
  record(): Promise<void> | undefined {
    // A duplicate, or a message without a key.
    if (!this.#isInHand) return undefined;
    try {
      const recording = this.#options.store.record(this.#storeKey);
      if (isThenable(recording)) return this.#whenRecorded(Promise.resolve(recording));
    } catch (error) {
      this.#warn(error);
    }
    this.end(true);
    return undefined;
  }

  /** Lets copies go on: past the handler, where it has succeeded. What this call still waits for begins nothing any more. */
  end(succeeded: boolean): void {
    this.#isOver = true;
    if (!this.#isInHand) return;
    this.#isInHand = false;
    this.#options.copies.end(this.#storeKey, succeeded);
  }

  #withKey(key: string | undefined, scope: InvocationScope): unknown {
    this.#assertNotOver();
    const { handler, copies, prefix } = this.#options;
    if (key === undefined) return handler.invoke(scope);
    this.#key = key;
    this.#storeKey = prefix + key;
    return copies.has(this.#storeKey) ? this.#afterOthers(scope) : this.#lookUp(scope);
  }

  async #afterOthers(scope: InvocationScope): Promise<unknown> {
    const { copies } = this.#options;
    // When it fails, one of those that waited is called, and the others wait for that one.
    while (copies.has(this.#storeKey)) {
      if (await copies.waitFor(this.#storeKey)) return this.#passOver();
      this.#assertNotOver();
    }
    return this.#lookUp(scope);
  }

  #lookUp(scope: InvocationScope): unknown {
    const { copies, store } = this.#options;
    copies.begin(this.#storeKey);
    this.#isInHand = true;
    let known: unknown;
    try {
      known = store.has(this.#storeKey);
      if (isThenable(known)) return this.#whenLookedUp(Promise.resolve(known), scope);
    } catch (error) {
      throw this.#unavailable(error);
    }
    return this.#goOn(known, scope);
  }

  async #whenLookedUp(answer: Promise<unknown>, scope: InvocationScope): Promise<unknown> {
    const known = await answer.catch((error) => {
      throw this.#unavailable(error);
    });
    this.#assertNotOver();
    return this.#goOn(known, scope);
  }

  #goOn(known: unknown, scope: InvocationScope): unknown {
    if (known === false) return this.#options.handler.invoke(scope);
    // Whatever else it may mean: to take it for yes would lose the message.
    if (known !== true) throw this.#unavailable(new TypeError('has(…) gave neither true nor false'));
    this.end(true);
    return this.#passOver();
  }

  #passOver(): typeof duplicate {
    const { logger } = this.#options;
    if (logger.isLevelEnabled('debug')) logger.debug(this.#fields(), 'a duplicate: handled before');
    return duplicate;
  }

  async #whenRecorded(recording: Promise<unknown>): Promise<void> {
    try {
      if (!(await this.#options.deadline.wait(recording))) throw new Error('it did not answer in time');
    } catch (error) {
      this.#warn(error);
    }
    this.end(true);
  }

  /** A call whose time is over has failed, and is tried again: made late, it would be made twice. */
  #assertNotOver(): void {
    if (this.#isOver) throw new Error('the time of this call is over');
  }

  #unavailable(cause: unknown): LittoralError {
    return new LittoralError(
      'deduplication-unavailable',
      `The ${this.#options.handler.name} was not called: the deduplication store cannot tell whether it has handled the message before (${this.#reason(cause)}).`,
      { cause: this.#withoutKey(cause) },
    );
  }

  /** The same error as it may be shown, with all of its causes. */
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

  /** What a store throws can quote the key, which can be a part of the payload. */
  #reason(error: unknown): string {
    return errorText(error, maxReadLength).replaceAll(this.#key, '…').slice(0, maxReasonLength);
  }

  #fields() {
    const { message, handler } = this.#options;
    return { messageId: message.headers[Header.id], endpointId: handler.endpointId };
  }
}

const maxReasonLength = 500;
/** Longer than what is shown: a key that is cut off would not be found. */
const maxReadLength = 16_384;
