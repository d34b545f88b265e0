import type { ChannelModel, ConfirmChannel, Message } from 'amqplib';
import type { Logger } from '../../../logger.ts';
import { asBuffer } from '../../../text/as-buffer.ts';
import { busExchange } from '../../broker/bus-exchange.ts';
import { toAmqp } from '../amqp-message-mapper.ts';
import { corker } from '../connection/amqp-socket.ts';
import { closeUnawaited } from '../connection/close-unawaited.ts';
import { encodedProperties, encodedPublisher, type PublishEncoded } from '../connection/exact-frames.ts';
import { assertFitsFrame, propertyLimit } from '../connection/frame-limit.ts';
import { encodeOwnProperties } from '../own-properties.ts';
import type { InFlight } from './in-flight.ts';
import { TakenKeys } from './taken-keys.ts';

export interface PublishingChannelOptions {
  readonly logger: Logger;
  /** Returns the publish whose message the broker has returned. */
  readonly findReturned: (message: Message) => InFlight | undefined;
  /** Called when the broker has answered a publish. */
  readonly onAnswer: (entry: InFlight, isConfirmed: boolean) => void;
  /** Called when the channel has closed, with the broker's error if there is one. */
  readonly onClose: (channel: PublishingChannel, error: Error | undefined) => void;
}

/** One channel in confirm mode, with its publishes and the broker's answers. */
export class PublishingChannel {
  readonly model: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #options: PublishingChannelOptions;
  readonly #corkSocket: () => void;
  /** Publishes a message with encoded properties; undefined if amqplib has to encode them. */
  readonly #publishEncoded: PublishEncoded | undefined;
  /** Number of bytes for properties and headers in a frame of the connection; undefined if all headers fit. */
  readonly #propertyLimit: number | undefined;
  readonly #takenKeys = new TakenKeys();
  /** The publishes that lost their confirm when the channel ended, in the order in which they were written. */
  readonly #unconfirmed: InFlight[] = [];
  /** The position of the last written publish, and the position of the last one that the broker has answered. */
  #lastWritten = 0;
  #lastHandled = 0;
  #hasEnded = false;

  private constructor(model: ChannelModel, channel: ConfirmChannel, options: PublishingChannelOptions) {
    this.model = model;
    this.#channel = channel;
    this.#options = options;
    this.#corkSocket = corker(model);
    this.#publishEncoded = encodedPublisher(model, channel);
    this.#propertyLimit = propertyLimit(model);
    this.#listen();
  }

  static async open(model: ChannelModel, options: PublishingChannelOptions): Promise<PublishingChannel> {
    return new PublishingChannel(model, await model.createConfirmChannel(), options);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Returns the position of the last answered publish. The broker handles publishes in order. */
  get lastHandled(): number {
    return this.#lastHandled;
  }

  /** Returns whether the broker may have accepted a publish on the bus with a routing key. */
  hasTaken(routingKey: string): boolean {
    return this.#takenKeys.has(routingKey);
  }

  /** Returns the publishes that lost their confirm when the channel ended. The next call returns none of them again. */
  takeUnconfirmed(): InFlight[] {
    return this.#unconfirmed.splice(0);
  }

  /**
   * Writes a publish.
   *
   * @throws the error of the encoding, or LittoralError `headers-too-large`; nothing is written then
   */
  write(entry: InFlight): void {
    const { to, message, timeToLiveMs, keepsOrder = 'exchange' in to } = entry.publication;
    const { exchange, routingKey } = entry.route;
    const own = this.#publishEncoded && encodeOwnProperties(message, timeToLiveMs, keepsOrder);
    const properties = own
      ? { headers: { [encodedProperties]: own.encoded }, messageId: own.messageId }
      : toAmqp(message, timeToLiveMs, keepsOrder);
    assertFitsFrame(properties, this.#propertyLimit);
    entry.messageId = properties.messageId;
    const body = asBuffer(message.body);
    const onConfirm = (error: Error | null) => this.#onConfirm(entry, error);
    if (own) this.#publishEncoded?.(entry.route, own.encoded, body, onConfirm);
    else this.#channel.publish(exchange, routingKey, body, properties, onConfirm);
    entry.position = ++this.#lastWritten;
    this.#corkSocket();
  }

  /** Closes the channel without waiting for the broker. */
  close(): void {
    closeUnawaited(this.#channel);
  }

  #listen(): void {
    const { logger, findReturned, onClose } = this.#options;
    let failure: Error | undefined;
    this.#channel.on('error', (error) => {
      failure = error;
      logger.error({ reason: error.message }, 'the publishing channel failed');
    });
    this.#channel.on('handler-error', (error) => logger.error({ reason: error.message }, 'a listener failed'));
    this.#channel.on('return', (message) => {
      const entry = findReturned(message);
      if (entry === undefined) return;
      entry.returned = true;
      this.#onHandled(entry);
    });
    this.#channel.on('close', () => {
      this.#hasEnded = true;
      onClose(this, failure);
    });
  }

  #onConfirm(entry: InFlight, error: Error | null): void {
    // amqplib uses one error class for a nack and for a lost channel. Only the text of the error distinguishes them.
    if (error !== null && error.message !== 'message nacked') {
      this.#unconfirmed.push(entry);
      return;
    }
    this.#onHandled(entry);
    const { exchange, routingKey } = entry.route;
    if (error === null && exchange === busExchange) this.#takenKeys.add(routingKey);
    this.#options.onAnswer(entry, error === null);
  }

  #onHandled({ position }: InFlight): void {
    if (position > this.#lastHandled) this.#lastHandled = position;
  }
}
