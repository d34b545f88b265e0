import { Header, type PayloadType } from '../message/message-headers.ts';
import { RoutingKeyIndex } from '../message/routing-key-index.ts';
import type { TransportMessage } from '../message/transport-message.ts';

/** The queues of services that do not receive through the exchange of the bus. Ecotone calls this a service map. */
export interface Routes {
  /** The queue to which commands and messages for a service are sent, by the service's name. */
  readonly services?: Readonly<Record<string, ServiceRoute>> | undefined;
  /** Queues that get a copy of events, in addition to the services that subscribe on the bus. */
  readonly events?: readonly EventRoute[] | undefined;
}

/** A service whose queue is addressed by name. */
interface ServiceRoute {
  /** The name of its queue. */
  readonly queue: string;
}

/** A queue that gets a copy of each event whose key matches. */
export interface EventRoute {
  /** Routing keys of events. `*` stands for any characters, dots included. */
  readonly keys: readonly string[];
  /** The name of the queue. */
  readonly queue: string;
  /** The services whose events do not go to this queue. Default: none. */
  readonly except?: readonly string[] | undefined;
}

/** A map from a message of one service to the queues that are addressed by name. */
export class ServiceMap {
  readonly #queues: ReadonlyMap<string, string>;
  readonly #eventQueues = new RoutingKeyIndex<string>();

  /** @param service the sending service */
  constructor({ services = {}, events = [] }: Routes, service: string) {
    this.#queues = new Map(Object.entries(services).map(([name, { queue }]) => [name, queue]));
    for (const { keys, queue, except = [] } of events) {
      if (except.includes(service)) continue;
      for (const key of keys) this.#eventQueues.add(key, queue);
    }
  }

  /** Returns the queue of a service; undefined for a service that receives through the exchange. */
  queueOf(service: string): string | undefined {
    return this.#queues.get(service);
  }

  /** Returns each queue that gets a copy of an event, once. */
  queuesOf(routingKey: string): readonly string[] {
    return [...new Set(this.#eventQueues.find(routingKey))];
  }
}

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
