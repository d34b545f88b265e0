import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { Header } from '../../../message/message-headers.ts';
import { isAbsent } from '../broker-replies.ts';
import { corker } from '../connection/amqp-socket.ts';
import { countQueue, type QueueCount } from './queue-count.ts';

/** Time that the channel of a quorum queue gets to send the acknowledgements that it holds back. */
const flushMs = 500;

/**
 * The channel of a browse, with the consumers that the queue gets one after the other. A kept message is never settled:
 * closing the channel requeues all of them in their order.
 */
export class BrowseChannel {
  readonly #channel: Channel;
  readonly #queue: string;
  readonly #corkSocket: () => void;
  readonly #onMessage: (message: ConsumeMessage | null) => void;
  /** Number of consumers so far. */
  #consumers = 0;
  #consumerTag: string | undefined;
  #received = 0;
  /** The broker sends another message for each that is acknowledged. */
  #maySend = 0;
  #removed = 0;
  /** Removed messages, to be acknowledged when nothing more is to be sent. */
  readonly #unacknowledged: ConsumeMessage[] = [];
  #isLastReturned = false;

  private constructor(
    channel: Channel,
    queue: string,
    corkSocket: () => void,
    onMessage: (message: ConsumeMessage | null) => void,
  ) {
    this.#channel = channel;
    this.#queue = queue;
    this.#corkSocket = corkSocket;
    this.#onMessage = onMessage;
  }

  /**
   * Opens the channel.
   *
   * @param onMessage called with each message, or with null once the queue is deleted. Must not throw: amqplib would
   *   close the channel.
   * @param onClose called when the channel closes
   */
  static async open(
    model: ChannelModel,
    queue: string,
    onMessage: (message: ConsumeMessage | null) => void,
    onClose: () => void,
  ): Promise<BrowseChannel> {
    const channel = await model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    channel.on('close', onClose);
    return new BrowseChannel(channel, queue, corker(model), onMessage);
  }

  /** Returns the number of messages that the broker has sent. */
  get received(): number {
    return this.#received;
  }

  /** Returns the number of messages that were removed. */
  get removed(): number {
    return this.#removed;
  }

  /**
   * Returns whether the last message had been returned to a quorum queue before. Only such a queue counts returns.
   */
  get isLastReturned(): boolean {
    return this.#isLastReturned;
  }

  /** Returns the position of the last message that the broker may have sent. */
  get maySend(): number {
    return this.#maySend;
  }

  /** Returns whether the broker has sent all that its consumers have room for. */
  get isFull(): boolean {
    return this.#received >= this.#maySend;
  }

  /** Returns the numbers of messages and consumers of the queue; undefined if there is no such queue. */
  async find(): Promise<QueueCount | undefined> {
    return this.count().catch((error) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
  }

  async count(): Promise<QueueCount> {
    return countQueue(this.#channel, this.#queue);
  }

  /**
   * Adds a consumer that gets a window of messages and no more.
   *
   * @param isExclusive whether the queue may have no other consumer. A quorum queue ignores it.
   */
  async consume(window: number, isExclusive = true): Promise<void> {
    this.#maySend = this.#received + window;
    await this.#channel.prefetch(window);
    const consumerTag = this.#nextConsumerTag();
    await this.#channel.consume(this.#queue, (message) => this.#receive(message), {
      exclusive: isExclusive,
      consumerTag,
    });
    this.#consumerTag = consumerTag;
  }

  /** Ends the last consumer, which must have received its whole window. */
  async cancel(): Promise<void> {
    if (this.#consumerTag !== undefined) await this.#channel.cancel(this.#consumerTag);
  }

  /**
   * Removes a message from the queue.
   *
   * @param isHeld whether it is acknowledged at the end only, so that the broker does not send another in its place
   */
  remove(message: ConsumeMessage, isHeld: boolean): void {
    this.#removed += 1;
    if (isHeld) {
      this.#unacknowledged.push(message);
      return;
    }
    this.#maySend += 1;
    this.#channel.ack(message);
    this.#corkSocket();
  }

  /**
   * Acknowledges every removed message, and waits until the queue has applied that. The channel of a quorum queue holds
   * acknowledgements back while the queue has not applied 32 earlier ones, and drops them when it closes. It has sent
   * them once the queue answers a `get`, which returns no message from a queue that was emptied. Otherwise the channel
   * gets some time.
   *
   * @param total number of messages in the queue
   */
  async flush(total: number): Promise<void> {
    if (this.#removed === 0) return;
    const mayGetMore = !this.isFull;
    // Deliveries that acknowledgements make room for would be requeued behind messages that arrived in the meantime.
    if (!mayGetMore) await this.cancel();
    for (const message of this.#unacknowledged) this.#channel.ack(message);
    if (mayGetMore) this.#maySend += this.#unacknowledged.length;
    const isExhausted = this.#received >= total;
    if (isExhausted) await this.#channel.get(this.#queue);
    const untilMs = performance.now() + (isExhausted || this.#removed <= 32 ? 0 : flushMs);
    do {
      await this.#channel.checkQueue(this.#queue);
      await delay(performance.now() < untilMs ? 50 : 0);
    } while (performance.now() < untilMs);
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  #receive(message: ConsumeMessage | null): void {
    if (message !== null) {
      this.#received += 1;
      this.#isLastReturned = isReturned(message);
    }
    this.#onMessage(message);
  }

  // When the channel closes, RabbitMQ 3 returns the messages of a quorum queue consumer by consumer, in the order of
  // their tags. Those that amqplib gives are random.
  #nextConsumerTag(): string {
    this.#consumers += 1;
    return `browse-${String(this.#consumers).padStart(9, '0')}`;
  }
}

function isReturned({ fields, properties }: ConsumeMessage): boolean {
  return fields.redelivered && Number(properties.headers?.[Header.deliveryCount]) > 0;
}
