import { type KeyOfInvocation, keyByMessageId } from '../deduplication/deduplication-key.ts';
import type { DeduplicationStore } from '../deduplication/deduplication-store.ts';
import type { RegisteredHandler } from '../handler/handler-registry.ts';
import type { Logger } from '../logger.ts';
import type { Message } from '../message/message.ts';
import { CopiesInHand } from './copies-in-hand.ts';
import { DeduplicatedCall } from './deduplicated-call.ts';
import { HandlerDeadline } from './handler-deadline.ts';

export interface DeduplicationOptions {
  readonly service: string;
  readonly store: DeduplicationStore;
  /** Whether the handlers that say nothing about it are deduplicated, by message id. */
  readonly enabled: boolean;
  /** How long a message that was handled waits for the store at most. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/**
 * Keeps handlers from being called for copies of what they have handled.
 *
 * There is one rule: before a call its key is looked up, and after its success recorded. What failed is not recorded, so
 * that retries and replays pass.
 */
export class Deduplication {
  readonly #options: DeduplicationOptions;
  readonly #copies = new CopiesInHand();
  readonly #deadline: HandlerDeadline;
  readonly #prefixes = new Map<string, string>();

  constructor(options: DeduplicationOptions) {
    this.#options = options;
    this.#deadline = new HandlerDeadline(options.timeoutMs);
  }

  /** @returns undefined where the handler is to be called without more ado */
  callOf(handler: RegisteredHandler, message: Message): DeduplicatedCall | undefined {
    const { store, logger } = this.#options;
    const keyOf = handler.deduplication ?? this.#byDefault;
    if (!keyOf) return undefined;
    const prefix = this.#prefixOf(handler.endpointId);
    return new DeduplicatedCall({
      handler,
      message,
      keyOf,
      prefix,
      store,
      copies: this.#copies,
      deadline: this.#deadline,
      logger,
    });
  }

  /** @param reason what those calls fail with that wait for another one, now and from now on */
  stop(reason: Error): void {
    this.#copies.stop(reason);
  }

  get #byDefault(): KeyOfInvocation | false {
    return this.#options.enabled && keyByMessageId;
  }

  /** Services may share a store, and handlers in several of them have equal endpoint ids. */
  #prefixOf(endpointId: string): string {
    let prefix = this.#prefixes.get(endpointId);
    if (prefix === undefined) {
      prefix = `${JSON.stringify([this.#options.service, endpointId])} `;
      this.#prefixes.set(endpointId, prefix);
    }
    return prefix;
  }
}
