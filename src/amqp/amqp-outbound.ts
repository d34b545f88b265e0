import { type ChannelModel, type ConfirmChannel, IllegalOperationError, type Message, type Options } from 'amqplib';
import type { Address, PromptPublication, PublishReceipt } from '../channel/message-channel.ts';
import { isLittoralError, LittoralError, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { within } from '../within.ts';
import type { AmqpBusExchange } from './amqp-bus-exchange.ts';
import { type AmqpConnection, assertUsable } from './amqp-connection.ts';
import { toAmqp } from './amqp-message-mapper.ts';
import { corker, socketOf } from './amqp-socket.ts';
import { busExchange } from './amqp-topology.ts';
import { assertFitsFrame, propertyLimit } from './frame-limit.ts';
import { hearOfBlock } from './hear-of-block.ts';

export interface AmqpOutboundOptions {
  /** How many publishes may wait for their confirm. */
  readonly maxInFlight: number;
  /** How many bytes of bodies may wait for their confirm. */
  readonly maxInFlightBytes: number;
  readonly confirmTimeoutMs: number;
  /** RabbitMQ closes the channel over a body that is larger than its own limit. */
  readonly maxMessageBytes: number;
  readonly bus: AmqpBusExchange;
  readonly logger: Logger;
  /** Called when the channel was closed, which the broker does when an exchange is gone. */
  readonly onChannelClosed: () => void;
}

/** An exchange and a key in it: of a delay level, or one of the addresses below. */
interface Route {
  readonly exchange: string;
  readonly routingKey: string;
}

/** A message on its way to any exchange, not only to that of the bus. */
export interface AmqpPublication extends Omit<PromptPublication, 'to'> {
  readonly to: Address | Route;
}

interface InFlight extends Route {
  /** As the broker gives it back with a return; a message from elsewhere may have none. */
  readonly messageId: string | undefined;
  readonly bytes: number;
  readonly deadline: number;
  returned: boolean;
  timedOut: boolean;
  resolve(receipt: PublishReceipt): void;
  reject(error: LittoralError): void;
}

/** Publishes with confirms on one channel. */
export class AmqpOutbound {
  readonly #options: AmqpOutboundOptions;
  readonly #connection: AmqpConnection;
  readonly #inFlight = new Set<InFlight>();
  #inFlightBytes = 0;
  /** How many bytes of properties and headers a frame of the connection can carry, where that is little. */
  #propertyLimit: number | undefined;
  #channel: ConfirmChannel | undefined;
  #corkSocket: () => void = () => {};
  #sweeper: NodeJS.Timeout | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(connection: AmqpConnection, options: AmqpOutboundOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Opens the channel of a new connection. */
  async attach(model: ChannelModel): Promise<void> {
    const { logger } = this.#options;
    const channel = await model.createConfirmChannel();
    channel.on('error', (error) => logger.error({ reason: error.message }, 'the publishing channel failed'));
    channel.on('handler-error', (error) => logger.error({ reason: error.message }, 'a listener failed'));
    channel.on('return', (message) => this.#onReturn(message));
    let hasEnded = false;
    channel.on('close', () => {
      hasEnded = true;
      this.#onClose(channel, model);
    });
    await this.#options.bus.ensure(model);
    await hearOfBlock(model);
    // The end can come in the same bytes as the answer to the last question.
    if (hasEnded) throw new Error('the publishing channel ended as soon as it was open');
    this.#channel = channel;
    this.#propertyLimit = propertyLimit(model);
    this.#corkSocket = corker(model);
  }

  /** Sends one message. See `OutboundChannel.publish`. */
  publish({ to, message, timeToLiveMs }: AmqpPublication): Promise<PublishReceipt> {
    const { exchange, routingKey } = routeTo(to);
    return new Promise<PublishReceipt>((resolve, reject) => {
      const properties = propertiesOf(message, timeToLiveMs, 'exchange' in to, this.#propertyLimit);
      const { messageId } = properties;
      this.#assertRoom(message.body.byteLength, messageId);
      const channel = this.#openChannel(messageId);
      const entry: InFlight = {
        exchange,
        routingKey,
        messageId,
        bytes: message.body.byteLength,
        deadline: performance.now() + this.#options.confirmTimeoutMs,
        returned: false,
        timedOut: false,
        resolve,
        reject,
      };
      try {
        channel.publish(exchange, routingKey, asBuffer(message.body), properties, (error) =>
          this.#settle(entry, error),
        );
      } catch (cause) {
        throw notWritten(cause, messageId);
      }
      this.#corkSocket();
      this.#inFlight.add(entry);
      this.#inFlightBytes += entry.bytes;
      this.#sweeper ??= setTimeout(() => this.#sweep(), this.#options.confirmTimeoutMs).unref();
    });
  }

  /** Whether there is a channel to publish on. */
  get isOpen(): boolean {
    return this.#channel !== undefined;
  }

  /** Resolves when nothing waits for its confirm any more, at the latest after the deadline. */
  async flush(deadlineMs: number): Promise<void> {
    if (this.#inFlight.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
    await within(deadlineMs, idle);
  }

  #assertRoom(bytes: number, messageId: string | undefined): void {
    const { maxInFlight, maxInFlightBytes, maxMessageBytes } = this.#options;
    if (bytes > maxMessageBytes) {
      throw new LittoralError('body-too-large', `The body has ${bytes} bytes; ${maxMessageBytes} are allowed.`);
    }
    const full = this.#inFlight.size >= maxInFlight || (bytes > 0 && this.#inFlightBytes + bytes > maxInFlightBytes);
    if (full && this.#inFlight.size > 0) {
      throw new LittoralError(
        'too-many-in-flight',
        `Nothing was sent: ${this.#inFlight.size} publishes (${this.#inFlightBytes} bytes) wait for the broker's confirm.`,
        { messageId },
      );
    }
  }

  #openChannel(messageId: string | undefined): ConfirmChannel {
    assertUsable(this.#connection, messageId);
    if (this.#channel) return this.#channel;
    throw new LittoralError('broker-unavailable', 'Nothing was sent: the publishing channel is being opened again.', {
      messageId,
    });
  }

  // A return comes before the confirm of its message and carries no tag. The broker answers in order, so the first
  // publish of that address and id that was not returned yet is the one: one id can be in flight twice.
  #onReturn({ fields, properties }: Message): void {
    for (const entry of this.#inFlight) {
      const same =
        entry.messageId === properties.messageId &&
        entry.exchange === fields.exchange &&
        entry.routingKey === fields.routingKey;
      if (same && !entry.returned) {
        entry.returned = true;
        return;
      }
    }
  }

  #settle(entry: InFlight, error: Error | null): void {
    this.#inFlight.delete(entry);
    this.#inFlightBytes -= entry.bytes;
    if (this.#inFlight.size === 0) this.#whenIdle?.();
    if (error === null) {
      entry.resolve({ routed: !entry.returned });
      return;
    }
    const { messageId } = entry;
    // amqplib has one kind of error for both; only its text tells a nack from a lost channel.
    if (error.message === 'message nacked') {
      entry.reject(
        new LittoralError('nacked', 'A queue refused the message; another may have taken it.', { messageId }),
      );
    } else {
      entry.reject(
        new LittoralError('connection-lost', 'The message was written, but the connection ended before the confirm.', {
          messageId,
          cause: error,
        }),
      );
    }
  }

  // One timer for all: they all have the same time, so the first in the set is the first that is due. Who timed out
  // keeps its place in flight, for the broker still holds it: what is outstanding stays bounded.
  #sweep(): void {
    this.#sweeper = undefined;
    const now = performance.now();
    for (const entry of this.#inFlight) {
      if (entry.timedOut) continue;
      if (entry.deadline > now) {
        this.#sweeper = setTimeout(() => this.#sweep(), entry.deadline - now).unref();
        return;
      }
      entry.timedOut = true;
      entry.reject(
        new LittoralError(
          'confirm-timeout',
          `The message was written, but the broker did not confirm it within ${this.#options.confirmTimeoutMs} ms.`,
          { messageId: entry.messageId },
        ),
      );
    }
  }

  // The broker closes a channel over a fault of its own kind, such as a deleted exchange. The connection lives on.
  #onClose(channel: ConfirmChannel, model: ChannelModel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#options.onChannelClosed();
    setTimeout(() => {
      if (this.#connection.model !== model || this.#channel) return;
      this.attach(model).catch((error) => {
        this.#options.logger.error({ reason: messageOf(error) }, 'the publishing channel cannot be opened again');
        // With an error: amqplib hears nothing else, and would wait for its heartbeat.
        socketOf(model)?.destroy(new Error('the publishing channel cannot be opened'));
      });
    }, 100).unref();
  }
}

/** @throws LittoralError `invalid-header`, `headers-too-large` */
function propertiesOf(
  message: TransportMessage,
  timeToLiveMs: number | undefined,
  isDelayed: boolean,
  limit: number | undefined,
): Options.Publish {
  try {
    const properties = toAmqp(message, timeToLiveMs, isDelayed);
    assertFitsFrame(properties, limit);
    return properties;
  } catch (cause) {
    if (isLittoralError(cause)) throw cause;
    const { [Header.id]: id } = message.headers;
    throw notWritten(cause, typeof id === 'string' ? id : undefined);
  }
}

/** amqplib encodes the whole message before it writes a byte of it, and refuses to write on what is closing. */
function notWritten(cause: unknown, messageId: string | undefined): LittoralError {
  const details = { messageId, cause };
  if (cause instanceof IllegalOperationError) {
    return new LittoralError('broker-unavailable', 'Nothing was sent: the connection is being closed.', details);
  }
  return new LittoralError('invalid-header', `The message cannot be encoded: ${encodingFault(cause)}.`, details);
}

/** What Node says of a number that is out of range quotes it, and a header can be a secret. */
function encodingFault(cause: unknown): string {
  return cause instanceof RangeError ? 'a header is out of range, or they are too large together' : messageOf(cause);
}

function routeTo(to: Address | Route): Route {
  if ('bus' in to) return { exchange: busExchange, routingKey: to.bus };
  return 'queue' in to ? { exchange: '', routingKey: to.queue } : to;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
