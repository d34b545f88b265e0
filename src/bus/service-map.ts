import { Header, type PayloadType } from '../message/message-headers.ts';
import { routingKeyMatcher } from '../message/routing-key.ts';
import type { TransportMessage } from '../message/transport-message.ts';

/** The queues of services that do not receive through the exchange of the bus. Ecotone calls this a service map. */
export interface Routes {
  /** The queue to which commands and messages for a service are sent, by the service's name. */
  readonly services?: Readonly<Record<string, { readonly queue: string }>> | undefined;
  /** Queues that get a copy of events, in addition to the services that subscribe on the bus. */
  readonly events?: readonly EventRoute[] | undefined;
}

/** A queue that gets a copy of each event whose key matches. */
export interface EventRoute {
  /** Routing keys of events. `*` stands for any characters, dots included. */
  readonly keys: readonly string[];
  readonly queue: string;
  /** The services whose events do not go to this queue. Default: none. */
  readonly except?: readonly string[] | undefined;
}

/** A map from a message of one service to the queues that are addressed by name. */
export class ServiceMap {
  readonly #queues: ReadonlyMap<string, string>;
  readonly #events: readonly { readonly queue: string; readonly matches: (routingKey: string) => boolean }[];

  /** @param service the sending service */
  constructor({ services = {}, events = [] }: Routes, service: string) {
    this.#queues = new Map(Object.entries(services).map(([name, { queue }]) => [name, queue]));
    this.#events = events
      .filter(({ except = [] }) => !except.includes(service))
      .map(({ keys, queue }) => {
        const matchers = keys.map(routingKeyMatcher);
        return { queue, matches: (routingKey) => matchers.some((matches) => matches(routingKey)) };
      });
  }

  /** Returns the queue of a service; undefined for a service that receives through the exchange. */
  queueOf(service: string): string | undefined {
    return this.#queues.get(service);
  }

  /** Returns each queue that gets a copy of an event, once. */
  queuesOf(routingKey: string): readonly string[] {
    if (this.#events.length === 0) return none;
    const queues = this.#events.filter(({ matches }) => matches(routingKey)).map(({ queue }) => queue);
    return [...new Set(queues)];
  }
}

const none: readonly string[] = [];

/**
 * Converts a message of the bus to the form of Ecotone's service map, without the headers that only its bus writes.
 *
 * @param service the service that a command or a message is for
 */
export function toMappedForm(message: TransportMessage, payloadType: PayloadType, service: string): TransportMessage {
  const { [Header.serviceTarget]: _, [Header.polledChannelName]: _polled, ...headers } = message.headers;
  const target = payloadType === 'message' ? { [Header.targetServiceName]: service } : {};
  return { ...message, headers: { ...headers, ...target } };
}
