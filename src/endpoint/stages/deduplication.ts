import { type KeyOfInvocation, keyByMessageId } from '../../deduplication/deduplication-key.ts';
import type { DeduplicationStore } from '../../deduplication/deduplication-store.ts';
import type { Logger } from '../../logger.ts';
import { andThen } from '../../promise/maybe-promise.ts';
import { DeadlineTimer } from '../../time/deadline-timer.ts';
import type { HandlerStage, ScopedCall } from '../handler-call.ts';
import { InFlightKeys } from '../in-flight-keys.ts';
import { DeduplicatedCall } from './deduplicated-call.ts';

export interface DeduplicationOptions {
  readonly service: string;
  readonly store: DeduplicationStore;
  /** True if the handlers without an option of their own are deduplicated, by message id. */
  readonly enabled: boolean;
  /** The longest time in which the store may record a message that was handled. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/**
 * Keeps handlers from being called for copies of the messages that they have handled.
 *
 * There is one rule: before a call its key is looked up, and after its success recorded. What failed is not recorded,
 * so that retries and replays pass. These are two stages, because the deadline of the handler lies between them: it
 * includes the look-up, and ends before the recording. A class, because it knows the keys that are in flight.
 */
export class Deduplication {
  readonly #options: DeduplicationOptions;
  readonly #inFlight = new InFlightKeys();
  readonly #timer: DeadlineTimer;
  readonly #prefixes = new Map<string, string>();

  constructor(options: DeduplicationOptions) {
    this.#options = options;
    this.#timer = new DeadlineTimer(options.timeoutMs);
  }

  /** The outer stage: records the key of a call that succeeded. */
  readonly record: HandlerStage = (call, next) => {
    const deduplicated = this.#begin(call);
    if (deduplicated === undefined) return next(call);
    call.deduplicated = deduplicated;
    return andThen(next(call), (result) => deduplicated.end(result));
  };

  /** The inner stage: looks up the key of a call, and skips the handler if it has handled a copy. */
  readonly lookUp: HandlerStage = (call, next) => {
    const { deduplicated } = call;
    return deduplicated ? deduplicated.call(next) : next(call);
  };

  /** Ends every wait for a copy that is in flight, now and from now on. */
  stop(): void {
    this.#inFlight.stop();
  }

  #begin(call: ScopedCall): DeduplicatedCall | undefined {
    const { store, logger, enabled } = this.#options;
    const keyOf: KeyOfInvocation | false = call.handler.deduplication ?? (enabled && keyByMessageId);
    if (!keyOf) return undefined;
    const prefix = this.#prefixOf(call.handler.endpointId);
    return new DeduplicatedCall({ call, keyOf, prefix, store, inFlight: this.#inFlight, timer: this.#timer, logger });
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
