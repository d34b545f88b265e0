import type { Subscriber } from '../engine/delivery.ts';
import { LittoralError } from '../errors.ts';
import type { HandlerRegistry, RegisteredHandler } from '../handler/handler-registry.ts';
import { maxShortStringBytes } from '../message/limits.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { describeValue } from '../text/describe-value.ts';

/** The handlers of a message that reached this service; none if it is not for this service. */
export type Recipients = readonly RegisteredHandler[];

const none: Recipients = [];

/** Resolves the handlers of a message of the distributed bus. */
export class RecipientResolver {
  readonly #service: string;
  readonly #registry: HandlerRegistry;
  readonly #engine: Pick<Subscriber, 'keyMatcher'>;
  #matcher: (key: string) => boolean;
  /** The revision of the handlers that the matcher was made for. */
  #revision: number;

  constructor(service: string, registry: HandlerRegistry, engine: Pick<Subscriber, 'keyMatcher'>) {
    this.#service = service;
    this.#registry = registry;
    this.#engine = engine;
    this.#matcher = this.#createMatcher();
    this.#revision = registry.revision;
  }

  /**
   * @param message a message from the service's queue
   * @param key its routing key on the bus, if known
   * @param endpointId the only handler that it is for; a command has no other in any case
   * @returns no handlers for a message that only a wide binding of this process routed: a command for another service,
   * an event without a handler
   * @throws LittoralError `malformed-message`; `no-handler` for a message that another process or program may handle
   */
  resolve(message: Message, key: string | undefined, endpointId?: string): Recipients {
    const payloadType = message.headers[Header.payloadType];
    switch (payloadType) {
      case 'command':
        return this.#isForThisService(message, key)
          ? [this.#commandHandler(textHeader(message, Header.routingKey))]
          : none;
      case 'event':
        return this.#eventHandlers(textHeader(message, Header.routingKey), key, endpointId);
      case 'message':
        if (!this.#isForThisService(message, key)) return none;
        throw new LittoralError(
          'no-handler',
          `No channel '${shortened(textHeader(message, Header.routingKey))}' in ${this.#service}: this service takes commands and events.`,
        );
      default:
        throw malformed(Header.payloadType, payloadType, 'command, event or message');
    }
  }

  /** A command names its service; a message of Ecotone only carries the key that it was published under. */
  #isForThisService({ headers }: Message, key: string | undefined): boolean {
    const named = headers[Header.targetServiceName] ?? headers[Header.serviceTarget];
    if (named === undefined || named === null) return (key ?? this.#service) === this.#service;
    if (typeof named === 'string') return named === this.#service;
    // A message that was sent to this service must not be dropped as one for another service.
    if ((key ?? this.#service) === this.#service) throw malformed(Header.targetServiceName, named, 'a text');
    return false;
  }

  /** Returns whether the subscription of this process receives a key. */
  #receives(key: string): boolean {
    if (this.#revision !== this.#registry.revision) {
      this.#matcher = this.#createMatcher();
      this.#revision = this.#registry.revision;
    }
    return this.#matcher(key);
  }

  #createMatcher(): (key: string) => boolean {
    return this.#engine.keyMatcher([this.#service, ...this.#registry.distributedEventKeys()]);
  }

  #eventHandlers(routingKey: string, key: string | undefined, endpointId: string | undefined): Recipients {
    const handlers = this.#registry.distributedEventHandlers(routingKey);
    if (endpointId === undefined) {
      if (handlers.length === 0 && !this.#isBoundTo(key ?? routingKey)) throw this.#noEventHandler(routingKey);
      return handlers;
    }
    const handler = handlers.find((one) => one.endpointId === endpointId);
    if (handler) return [handler];
    throw new LittoralError(
      'no-handler',
      `No distributed event handler '${shortened(endpointId)}' of '${shortened(routingKey)}' in ${this.#service} any more.`,
    );
  }

  #isBoundTo(key: string): boolean {
    // A key on the bus cannot be longer. A message that is sent directly to the queue can name any key.
    return key.length <= maxShortStringBytes && this.#receives(key);
  }

  #noEventHandler(routingKey: string): LittoralError {
    const keys = this.#registry.distributedEventKeys();
    return new LittoralError(
      'no-handler',
      `No distributed event handler of '${shortened(routingKey)}' in ${this.#service}. Registered: ${listed(keys)}.`,
    );
  }

  #commandHandler(routingKey: string): RegisteredHandler {
    const handler = this.#registry.distributedCommandHandler(routingKey);
    if (handler) return handler;
    const keys = this.#registry.distributedCommandKeys();
    throw new LittoralError(
      'no-handler',
      `No distributed command handler '${shortened(routingKey)}' in ${this.#service}. Registered: ${listed(keys)}.`,
    );
  }
}

function listed(keys: readonly string[]): string {
  return keys.length > 0 ? keys.join(', ') : 'none';
}

/** Shortens a text of the sender for an error message. */
function shortened(text: string): string {
  return text.slice(0, 255).toWellFormed();
}

function textHeader({ headers }: Message, name: string): string {
  const value = headers[name];
  if (typeof value === 'string') return value;
  throw malformed(name, value, 'a text');
}

function malformed(name: string, value: unknown, expected: string): LittoralError {
  const found = typeof value === 'string' ? `'${value.slice(0, 64)}'` : describeValue(value);
  return new LittoralError('malformed-message', `The header '${name}' is ${found}; expected ${expected}.`);
}
