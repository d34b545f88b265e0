import type { Channel, ChannelModel } from 'amqplib';
import { LittoralError, messageOf } from '../errors.ts';
import { within } from '../within.ts';
import { type AmqpConnection, assertUsable } from './amqp-connection.ts';
import { isAbsent, isExclusive, replyCode } from './broker-replies.ts';

export interface AmqpQueueLookupOptions {
  /** How long a found queue is believed in. */
  readonly rememberMs: number;
  readonly timeoutMs: number;
  /** How many look-ups may wait for their turn. */
  readonly maxWaiting: number;
}

interface Spare {
  readonly model: ChannelModel;
  readonly channel: Channel;
}

const maxRemembered = 10_000;

/** Tells whether queues exist. Asking for an absent one costs a channel, so this uses a spare one, one question at a time. */
export class AmqpQueueLookup {
  readonly #connection: AmqpConnection;
  readonly #options: AmqpQueueLookupOptions;
  readonly #found = new Map<string, number>();
  readonly #asking = new Map<string, Promise<boolean>>();
  #turn: Promise<unknown> = Promise.resolve();
  #spare: Spare | undefined;

  constructor(connection: AmqpConnection, options: AmqpQueueLookupOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** @throws LittoralError `broker-unavailable`, `broker-blocked`, `too-many-in-flight` when it cannot be told */
  async hasQueue(queue: string): Promise<boolean> {
    const believedUntil = this.#found.get(queue);
    if (believedUntil !== undefined && believedUntil > performance.now()) return true;
    return this.#asking.get(queue) ?? this.#ask(queue);
  }

  #ask(queue: string): Promise<boolean> {
    assertUsable(this.#connection);
    if (this.#asking.size >= this.#options.maxWaiting) {
      throw new LittoralError('too-many-in-flight', 'Nothing was sent: too many destinations are being looked for.');
    }
    const given = performance.now();
    const question = this.#turn.then(() => this.#inTime(queue, given));
    this.#turn = question.catch(() => {});
    const answer = question
      .then((found) => {
        if (found) this.#remember(queue);
        return found;
      })
      .finally(() => this.#asking.delete(queue));
    this.#asking.set(queue, answer);
    return answer;
  }

  #remember(queue: string): void {
    if (this.#found.size >= maxRemembered) this.#found.clear();
    this.#found.set(queue, performance.now() + this.#options.rememberMs);
  }

  /** The time that a question waits for its turn counts: with a broker that says nothing, none waits for all before. */
  async #inTime(queue: string, given: number): Promise<boolean> {
    assertUsable(this.#connection);
    let found = false;
    const asked = this.#exists(queue).then((exists) => {
      found = exists;
    });
    const remainingMs = given + this.#options.timeoutMs - performance.now();
    if (remainingMs > 0 && (await within(remainingMs, asked))) return found;
    asked.catch(() => {});
    this.#dropSpare();
    throw new LittoralError(
      'broker-unavailable',
      'Nothing was sent: the broker did not say in time whether the queue exists.',
    );
  }

  async #exists(queue: string): Promise<boolean> {
    let spare: Spare | undefined;
    try {
      spare = await this.#openSpare();
      await spare.channel.checkQueue(queue);
      return true;
    } catch (error) {
      // The broker has closed the channel over its answer.
      if (this.#spare === spare) this.#spare = undefined;
      if (isAbsent(error)) return false;
      if (isExclusive(error)) return true; // Locked by its owner: it exists.
      const answer =
        replyCode(error) === undefined ? 'the connection ended while the queue was looked for' : messageOf(error);
      throw new LittoralError('broker-unavailable', `Nothing was sent: ${answer}.`, { cause: error });
    }
  }

  async #openSpare(): Promise<Spare> {
    const { model } = this.#connection;
    if (this.#spare && this.#spare.model === model) return this.#spare;
    if (!model) throw new Error('there is no connection to the broker');
    const channel = await model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    this.#spare = { model, channel };
    return this.#spare;
  }

  #dropSpare(): void {
    this.#spare?.channel.close().catch(() => {});
    this.#spare = undefined;
  }
}
