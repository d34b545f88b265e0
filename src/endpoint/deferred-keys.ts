import type { Delivery } from '../channel/message-channel.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import { keyOnBusOf } from './moved-message.ts';
import type { UnhandledSettings } from './unhandled-settings.ts';

/** Maximum number of logged keys, because senders choose the keys. */
const maxKeys = 1000;

/** A log of deferrals with one warning for each key. */
export class DeferredKeys {
  readonly #logger: Logger;
  readonly #logged = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Logs the first deferral of a key. @param endpointId the handler that a retry names */
  deferred(
    delivery: Delivery,
    isEvent: boolean,
    endpointId: string | undefined,
    { graceMs, afterGrace }: UnhandledSettings,
  ): void {
    if (this.#logged.size >= maxKeys) return;
    const { headers } = delivery.message;
    const kind = shortened(headers[Header.payloadType]);
    const routingKey = shortened((isEvent ? keyOnBusOf(delivery) : undefined) ?? headers[Header.routingKey]);
    const fields = { kind, routingKey, endpointId: shortened(endpointId), graceMs };
    const name = JSON.stringify([kind, routingKey, fields.endpointId]);
    if (this.#logged.has(name)) return;
    this.#logged.add(name);
    if (isEvent) this.#logger.warn({ ...fields, afterGrace }, eventText);
    else this.#logger.warn(fields, endpointId === undefined ? commandText : retryText);
    if (this.#logged.size === maxKeys) {
      this.#logger.warn({ keys: maxKeys }, 'messages of many keys are deferred: no further key is logged');
    }
  }
}

const eventText =
  'events of this key have no handler here and are deferred: another version of this service, or another program, has bound the key to the queue. Once no program handles it any more, list it in retiredKeys';
const commandText =
  'messages of this key have no handler here and are deferred, for another consumer of the queue to handle them. If none does, they become dead letters';
const retryText =
  'retries of this handler, which is not here, are deferred, for another consumer of the queue to handle them. If none does, they become dead letters';

function shortened(text: unknown): string | undefined {
  return typeof text === 'string' ? text.slice(0, 255).toWellFormed() : undefined;
}
