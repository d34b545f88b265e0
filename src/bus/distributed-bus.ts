import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { andThen, type MaybePromise } from '../promise/maybe-promise.ts';
import type { Metadata } from '../wire/metadata.ts';
import { dueQueue } from '../wire/service-queue.ts';
import { toDueMessage } from './due-message.ts';
import { type OrderedBus, OrderedSends, type PreparedSend, type SendResult } from './ordered-sends.ts';
import {
  type BusChannel,
  type BusMessage,
  copiesOf,
  findRecipients,
  publishesAtOnce,
  publishFound,
} from './publish-on-bus.ts';
import { type BusMessageOptions, requestToBusMessage } from './request-to-bus-message.ts';
import type { SendContext } from './send-context.ts';
import { type SendAllOptions, sendInOrder } from './send-list.ts';
import { requestOptions, type SendOptions } from './send-options.ts';
import type { SendReceipt } from './send-receipt.ts';
import type { SendRequest } from './send-request.ts';
import type { SendSpan, SendTracing } from './send-tracing.ts';
import type { SendWindow } from './send-window.ts';

/** The conversion of a payload before it is sent. */
export interface ConversionOptions extends SendOptions {
  /** The media type of the payload. Default: a JavaScript value. */
  readonly sourceMediaType?: string | undefined;
  /** The media type that is sent. Default: the one that the configuration names, else JSON. */
  readonly targetMediaType?: string | undefined;
}

export interface DistributedBusOptions extends BusChannel, BusMessageOptions {
  /** Shared by all buses of the channel. Default: each list and stream has one of its own. */
  readonly sendWindow?: SendWindow | undefined;
  /** Default: sends are not traced. */
  readonly tracing?: SendTracing | undefined;
}

/**
 * Sends commands and messages to one service by name, and publishes events to their subscribers: Ecotone's distributed
 * bus.
 *
 * Every method resolves after the broker confirmed the message. All but `sendAll` reject with a LittoralError, whose
 * `outcome` says whether the message may have been sent all the same: `invalid-key`, `invalid-header`, `reserved-header`,
 * `headers-too-large`, `body-too-large`, `unsupported-media-type`, `malformed-body`, `not-convertible`,
 * `payload-refused`, `destination-not-found`, and what `Publisher.publish` rejects with.
 */
export class DistributedBus {
  readonly #options: DistributedBusOptions;
  readonly #sendContext: SendContext | undefined;

  /**
   * @param sendContext the handler that it belongs to: what is sent inherits from that handler's message. None for a
   * bus of the whole process
   */
  constructor(options: DistributedBusOptions, sendContext?: SendContext) {
    this.#options = options;
    this.#sendContext = sendContext;
  }

  /**
   * Sends a message.
   *
   * @returns the receipt, once the broker has confirmed the message
   */
  send(request: SendRequest): Promise<SendReceipt> {
    const call = this.#publish(request);
    return this.#sendContext ? this.#sendContext.track(call) : call;
  }

  /**
   * Sends messages in their order, many at once. It is not atomic: some can be sent and others not.
   *
   * @returns a result for each request, once all that were sent are confirmed: a receipt, or the error that `send`
   * rejects with. After an error that concerns the broker and not the message, no further message is sent
   */
  sendAll(requests: readonly SendRequest[], options: SendAllOptions = {}): Promise<readonly SendResult[]> {
    const call = sendInOrder(requests, this.#ordered(), options);
    return this.#sendContext ? this.#sendContext.track(call) : call;
  }

  /**
   * Opens a sequence of messages without an end.
   *
   * @param goesOn false if no message is sent after an error that concerns the broker. Default: true
   */
  openSends({ goesOn = true }: { readonly goesOn?: boolean } = {}): OrderedSends {
    return new OrderedSends({ ...this.#ordered(), goesOn });
  }

  /**
   * Sends a command, as it is, to the one service that handles it.
   *
   * @param destination the service's name
   * @param routingKey the command's name
   * @param command bytes, or text that is sent as UTF-8
   * @param sourceMediaType what the command is
   * @param metadata headers for the handler
   */
  sendCommand(
    destination: string,
    routingKey: string,
    command: string | Uint8Array,
    sourceMediaType = 'text/plain',
    metadata: Metadata = {},
    options: SendOptions = {},
  ): Promise<SendReceipt> {
    const request = { destination, routingKey, payload: command, contentType: sourceMediaType, metadata };
    return this.send({ kind: 'command', ...request, ...requestOptions(options) });
  }

  /** Converts a command, then sends it to the one service that handles it. */
  convertAndSendCommand(
    destination: string,
    routingKey: string,
    command: unknown,
    metadata: Metadata = {},
    options: ConversionOptions = {},
  ): Promise<SendReceipt> {
    const request = { destination, routingKey, payload: command, metadata };
    return this.send({ kind: 'command', ...request, ...this.#conversion(options) });
  }

  /**
   * Publishes an event, as it is, to every service that subscribes to it.
   *
   * @param routingKey the event's name
   * @param event bytes, or text that is sent as UTF-8
   * @param sourceMediaType what the event is
   * @param metadata headers for the handlers
   */
  publishEvent(
    routingKey: string,
    event: string | Uint8Array,
    sourceMediaType = 'text/plain',
    metadata: Metadata = {},
    options: SendOptions = {},
  ): Promise<SendReceipt> {
    const request = { routingKey, payload: event, contentType: sourceMediaType, metadata };
    return this.send({ kind: 'event', ...request, ...requestOptions(options) });
  }

  /** Converts an event, then publishes it to every service that subscribes to it. */
  convertAndPublishEvent(
    routingKey: string,
    event: unknown,
    metadata: Metadata = {},
    options: ConversionOptions = {},
  ): Promise<SendReceipt> {
    return this.send({ kind: 'event', routingKey, payload: event, metadata, ...this.#conversion(options) });
  }

  /**
   * Sends a message to a channel of a service.
   *
   * @param destination the service's name
   * @param channel the channel's name in that service
   * @param payload bytes, or text that is sent as UTF-8
   */
  sendMessage(
    destination: string,
    channel: string,
    payload: string | Uint8Array,
    sourceMediaType = 'text/plain',
    metadata: Metadata = {},
    options: SendOptions = {},
  ): Promise<SendReceipt> {
    const request = { destination, routingKey: channel, payload, contentType: sourceMediaType, metadata };
    return this.send({ kind: 'message', ...request, ...requestOptions(options) });
  }

  /**
   * Converts a payload, then sends it to a channel of a service. Ecotone has no such method; HTTP callers expect it.
   */
  convertAndSendMessage(
    destination: string,
    channel: string,
    payload: unknown,
    metadata: Metadata = {},
    options: ConversionOptions = {},
  ): Promise<SendReceipt> {
    const request = { destination, routingKey: channel, payload, metadata };
    return this.send({ kind: 'message', ...request, ...this.#conversion(options) });
  }

  #conversion(options: ConversionOptions) {
    const { sourceMediaType: contentType, targetMediaType } = options;
    const convertTo = targetMediaType ?? this.#options.defaultSerializationMediaType;
    return { contentType, convertTo, ...requestOptions(options) };
  }

  #publish(request: SendRequest): Promise<SendReceipt> {
    const span = this.#options.tracing?.begin(request, this.#causeOf(request));
    return span === undefined ? this.#send(request) : span.watch(this.#send(span.request));
  }

  #causeOf(request: SendRequest): Message | undefined {
    return request.parent ?? this.#sendContext?.message;
  }

  async #send(request: SendRequest): Promise<SendReceipt> {
    return this.#publishFound(await this.#busMessageOf(request), request.delayMs);
  }

  /** Returns the message of a checked request with known recipients. */
  #busMessageOf(request: SendRequest): MaybePromise<BusMessage> {
    return andThen(requestToBusMessage(request, this.#causeOf(request), this.#options), (busMessage) =>
      andThen(findRecipients(busMessage, this.#options), () => busMessage),
    );
  }

  #prepare(request: SendRequest): MaybePromise<PreparedSend> {
    const span = this.#options.tracing?.begin(request, this.#causeOf(request));
    return span === undefined ? this.#prepareUntraced(request) : this.#prepareTraced(span);
  }

  async #prepareTraced(span: SendSpan): Promise<PreparedSend> {
    const drop = (error: unknown) => span.fail(error);
    try {
      const prepared = await this.#prepareUntraced(span.request);
      return { ...prepared, publish: () => span.watch(prepared.publish()), drop };
    } catch (error) {
      drop(error);
      throw error;
    }
  }

  #prepareUntraced(request: SendRequest): MaybePromise<PreparedSend> {
    return andThen(this.#busMessageOf(request), (busMessage) => this.#prepared(busMessage, request.delayMs));
  }

  #prepared(busMessage: BusMessage, delayMs: number | undefined): PreparedSend {
    const { payloadType, target, message } = busMessage;
    return {
      route: delayMs ? `delayed ${target}` : `${payloadType} ${target}`,
      copies: copiesOf(busMessage, this.#options),
      bytes: message.body.byteLength,
      ...(delayMs ? {} : { isImmediate: () => publishesAtOnce(busMessage, this.#options) }),
      publish: () => this.#publishFound(busMessage, delayMs),
    };
  }

  #ordered(): OrderedBus {
    const { channel, sendWindow: window } = this.#options;
    return { prepare: (request) => this.#prepare(request), channel, window };
  }

  /** The engine has the message before this returns its promise. */
  async #publishFound(busMessage: BusMessage, delayMs: number | undefined): Promise<SendReceipt> {
    const routed = await (delayMs ? this.#delay(busMessage, delayMs) : publishFound(busMessage, this.#options));
    const { [Header.id]: messageId, [Header.correlationId]: correlationId } = busMessage.message.headers;
    return { messageId: String(messageId), correlationId: String(correlationId), routed };
  }

  /** Delays a message whose recipients exist now. They are determined again when it is due. */
  async #delay(busMessage: BusMessage, delayMs: number): Promise<boolean> {
    const { channel, service } = this.#options;
    const { routed } = await channel.publish({ to: dueQueue(service), message: toDueMessage(busMessage), delayMs });
    return routed;
  }
}
