import { matchesTopic } from '../channel/topic-pattern.ts';
import type { Logger } from '../logger.ts';

/** So many keys are remembered as told; senders choose them. */
const maxKeys = 1000;

/**
 * Tells of events that this process has no handler for, although the queue is bound to their key: another version of the
 * service has bound it, which has one, or had. The queue is shared, so that process never sees what came to this one.
 */
export class UnboundKeys {
  readonly #bindingKeys: readonly string[];
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  constructor(bindingKeys: readonly string[], logger: Logger) {
    this.#bindingKeys = bindingKeys;
    this.#logger = logger;
  }

  /** To be called with the key of a message that came over the bus, and is for no handler. Warns once for each key. */
  passedOver(routingKey: string): void {
    if (this.#told.has(routingKey) || this.#told.size >= maxKeys) return;
    if (this.#bindingKeys.some((bindingKey) => matchesTopic(bindingKey, routingKey))) return;
    this.#told.add(routingKey);
    this.#logger.warn(
      { routingKey: routingKey.slice(0, 255) },
      'events of this key reach the queue, and are passed over here: another version of this service has bound it. Where that one has a handler, end the processes of this version; else remove the binding',
    );
  }
}
