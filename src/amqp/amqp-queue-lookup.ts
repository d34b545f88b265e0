import type { Channel, ChannelModel } from 'amqplib';
import { LittoralError, messageOf } from '../errors.ts';
import { type AmqpConnection, assertUsable } from './amqp-connection.ts';

export interface AmqpQueueLookupOptions {
  /** How long a found queue is believed in. */
  readonly rememberMs: number;
  readonly timeoutMs: number;
  /** How many look-ups may wait for their turn. */
  readonly maxWaiting: number;
}

const maxRemembered = 10_000;

/** Tells whether queues exist. Asking for an absent one costs a channel, so this uses a spare one, one question at a time. */
export class AmqpQueueLookup {
  readonly #connection: AmqpConnection;
  readonly #options: AmqpQueueLookupOptions;
  readonly #found = new Map<string, number>();
  readonly #asking = new Map<string, Promise<boolean>>();
  #turn: Promise<unknown> = Promise.resolve();
  #spare: { readonly model: ChannelModel; readonly channel: Channel } | undefined;

  constructor(connection: AmqpConnection, options: AmqpQueueLookupOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** @throws LittoralError `broker-unavailable`, `broker-blocked`, `too-many-in-flight` when it cannot be told */
  async hasQueue(queue: string): Promise<boolean> {
    const believedUntil = this.#found.get(queue);
    if (believedUntil !== undefined && believedUntil > Date.now()) return true;
    return this.#asking.get(queue) ?? this.#ask(queue);
  }

  #ask(queue: string): Promise<boolean> {
    assertUsable(this.#connection);
    if (this.#asking.size >= this.#options.maxWaiting) {
      throw new LittoralError('too-many-in-flight', 'Nothing was sent: too many destinations are being looked for.');
    }
    const answer = this.#turn
      .then(() => this.#inTime(queue))
      .then((found) => {
        if (found) this.#remember(queue);
        return found;
      })
      .finally(() => this.#asking.delete(queue));
    this.#asking.set(queue, answer);
    this.#turn = answer.catch(() => {});
    return answer;
  }

  #remember(queue: string): void {
    if (this.#found.size >= maxRemembered) this.#found.clear();
    this.#found.set(queue, Date.now() + this.#options.rememberMs);
  }

  async #inTime(queue: string): Promise<boolean> {
    assertUsable(this.#connection);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#spare = undefined;
        reject(
          new LittoralError('broker-unavailable', 'Nothing was sent: the broker did not say whether the queue exists.'),
        );
      }, this.#options.timeoutMs);
    });
    try {
      return await Promise.race([this.#exists(queue), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #exists(queue: string): Promise<boolean> {
    try {
      const channel = await this.#channel();
      await channel.checkQueue(queue);
      return true;
    } catch (error) {
      this.#spare = undefined;
      const { code } = error as { code?: number };
      // A durable queue whose node is down is "not found" too, but it is not absent.
      if (code === 404 && !/down or inaccessible/.test(messageOf(error))) return false;
      if (code === 405) return true; // Locked by its owner: it exists.
      throw new LittoralError('broker-unavailable', `Nothing was sent: ${messageOf(error)}.`, { cause: error });
    }
  }

  async #channel(): Promise<Channel> {
    const { model } = this.#connection;
    if (this.#spare && this.#spare.model === model) return this.#spare.channel;
    if (!model) throw new Error('there is no connection to the broker');
    const channel = await model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    this.#spare = { model, channel };
    return channel;
  }
}
