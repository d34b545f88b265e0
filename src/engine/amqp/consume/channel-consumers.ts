import type { Channel, ConsumeMessage } from 'amqplib';

export interface ChannelConsumersOptions {
  readonly channel: Channel;
  readonly queue: string;
  /** The arguments of each consumer. */
  readonly consumerArguments: Record<string, unknown>;
  readonly onMessage: (message: ConsumeMessage) => void;
  /** Called with the reason why there will be no answer. */
  readonly onFailure: (error: unknown) => void;
}

/** The greatest prefetch that fits into `basic.qos`. */
const maxPrefetch = 65_535;

/**
 * The consumers of one queue on one channel. Requests are written in the order of the calls, without waiting for
 * answers: consumers have tags of this process's choice, so that one can be cancelled before its beginning is answered.
 */
export class ChannelConsumers {
  readonly #options: ChannelConsumersOptions;
  readonly #tags = new Set<string>();
  #begun = 0;
  #answered: Promise<void> = Promise.resolve();
  #cancelled: Promise<unknown> = Promise.resolve();

  constructor(options: ChannelConsumersOptions) {
    this.#options = options;
  }

  /** Returns the number of consumers, including those that the broker does not know yet. */
  get count(): number {
    return this.#tags.size;
  }

  /** Resolves when the broker has answered all requests so far. Another promise after each request. */
  get answered(): Promise<void> {
    return this.#answered;
  }

  /**
   * Begins a consumer with its own prefetch.
   *
   * @returns its tag, and a promise that resolves when the broker has answered
   */
  begin(prefetch: number): { readonly tag: string; readonly answer: Promise<unknown> } {
    const { channel, queue, consumerArguments, onMessage } = this.#options;
    this.#begun += 1;
    // When the channel closes, RabbitMQ 3 returns the messages of a quorum queue in the order of the tags.
    const tag = `littoral-${String(this.#begun).padStart(9, '0')}`;
    this.#tags.add(tag);
    const receive = (message: ConsumeMessage | null) => {
      if (message !== null) onMessage(message);
    };
    // A prefetch applies to the next consumer of the channel, and nothing is written between the two.
    const answer = Promise.all([
      channel.prefetch(Math.min(maxPrefetch, prefetch)),
      channel.consume(queue, receive, { consumerTag: tag, arguments: consumerArguments }),
    ]);
    this.#await(answer);
    return { tag, answer };
  }

  cancel(tags: readonly string[]): void {
    const { channel } = this.#options;
    for (const tag of tags) this.#tags.delete(tag);
    this.#cancelled = Promise.all(tags.map((tag) => channel.cancel(tag).catch(() => {})));
    this.#await(this.#cancelled);
  }

  /** Cancels all consumers. Resolves when none of those that were cancelled can receive any more. */
  cancelAll(): Promise<unknown> {
    if (this.#tags.size > 0) this.cancel([...this.#tags]);
    return this.#cancelled;
  }

  /** Forgets all consumers, because the channel has ended. */
  end(): void {
    this.#tags.clear();
  }

  // The broker answers in the order of the requests.
  #await(answer: Promise<unknown>): void {
    this.#answered = answer.then(() => {}, this.#options.onFailure);
  }
}
