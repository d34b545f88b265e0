import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { isBusy } from '../channel/browsing-turns.ts';
import type { Browsing } from '../channel/message-channel.ts';
import { PendingVisits } from '../channel/pending-visits.ts';
import { isLittoralError, LittoralError, messageOf } from '../errors.ts';
import { within } from '../within.ts';
import { fromAmqp } from './amqp-message-mapper.ts';
import { corker, socketOf } from './amqp-socket.ts';

const defaultWindow = 500;

/** After so long without a message, it is asked whether there are any: some may have left meanwhile. */
const idleMs = 500;

/** A queue whose leader is gone answers nothing, while its connection lives on. */
const answerTimeoutMs = 10_000;

/**
 * One look through a queue, on a connection of its own. Nothing that is kept is settled: closing the channel puts all of it
 * back in its order. So a consumer gets a window of messages and no more, and the next consumer of the same channel
 * gets what comes behind it: neither the broker nor this process has more than a window under way.
 */
export class AmqpBrowsing {
  readonly #model: ChannelModel;
  readonly #queue: string;
  readonly #window: number;
  readonly #visits: PendingVisits;
  readonly #corkSocket: () => void;
  #channel: Channel | undefined;
  #total = 0;
  #visited = 0;
  #removed = 0;
  /** How many of this window are kept: the broker sends no more of it once that is all of them. */
  #keptInWindow = 0;
  #isLost = false;
  #onChange = () => {};

  constructor(model: ChannelModel, queue: string, browsing: Browsing) {
    this.#model = model;
    this.#queue = queue;
    this.#window = browsing.window ?? defaultWindow;
    this.#visits = new PendingVisits(browsing, () => this.#onChange());
    this.#corkSocket = corker(model);
    model.on('close', (error?: Error) => this.#onLost(error));
  }

  /** See `MessageChannel.browse`. */
  async run(): Promise<void> {
    let unlock = async () => {};
    try {
      unlock = await this.#lock();
      await this.#look();
    } catch (error) {
      this.#visits.fail(this.#describe(error));
    }
    // What is being removed is published on another connection, and must not be given up on.
    const outcome = this.#visits.finish();
    await outcome.catch(() => {});
    await this.#giveBack(unlock);
    await this.#visits.finish();
  }

  /** Visits no more, for a reason that `run` rejects with. */
  abort(error: LittoralError): void {
    this.#visits.fail(error);
    this.#onChange();
  }

  /** Ends the connection without waiting for anything. */
  cut(): void {
    socketOf(this.#model)?.destroy(new Error('closed'));
  }

  // Between two windows the queue has no consumer, and another process could take its place. This it cannot take: a
  // queue that belongs to this connection.
  async #lock(): Promise<() => Promise<void>> {
    const lock = `${this.#queue}_browser`;
    const channel = await this.#openChannel();
    await channel.assertQueue(lock, { exclusive: true, durable: false });
    return async () => {
      await channel.deleteQueue(lock);
    };
  }

  async #look(): Promise<void> {
    const channel = await this.#openChannel();
    const found = await channel.checkQueue(this.#queue).catch((error) => {
      if (isAbsent(error)) return { messageCount: 0, consumerCount: 0 };
      throw error;
    });
    // A quorum queue has no exclusive consumers, and would share itself out among all.
    if (found.consumerCount > 0) throw isBusy(this.#queue);
    this.#total = found.messageCount;
    if (this.#total === 0) return;
    this.#channel = channel;
    await channel.prefetch(this.#window);
    while (!this.#visits.ended) await this.#lookThroughWindow(channel);
  }

  async #lookThroughWindow(channel: Channel): Promise<void> {
    this.#keptInWindow = 0;
    const onMessage = (message: ConsumeMessage | null) => this.#onMessage(channel, message);
    const { consumerTag } = await channel.consume(this.#queue, onMessage, { exclusive: true });
    while (!this.#isWindowOver) await this.#nextChange(channel);
    if (!this.#visits.ended) await channel.cancel(consumerTag);
  }

  get #isWindowOver(): boolean {
    return this.#visits.ended || this.#keptInWindow === this.#window;
  }

  /** Waits until something happens, or ends the look when nothing can. */
  async #nextChange(channel: Channel): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#onChange = resolve;
    });
    if ((await within(idleMs, changed)) || this.#visits.size > 0) return;
    let waiting = 0;
    const counted = channel.checkQueue(this.#queue).then(({ messageCount }) => {
      waiting = messageCount;
    });
    if (!(await within(answerTimeoutMs, counted))) throw new Error('the broker does not answer');
    if (waiting === 0) this.#visits.end();
  }

  // Must not throw: amqplib would close the channel.
  #onMessage(channel: Channel, message: ConsumeMessage | null): void {
    this.#onChange();
    if (this.#visits.ended) return; // It goes back with the others.
    if (message === null) {
      this.#visits.end(); // The queue was deleted.
      return;
    }
    const position = this.#visited + 1;
    const read = this.#read(message, position);
    if (read === undefined) return;
    this.#visited = position;
    this.#visits.visit({ message: read, position, total: this.#total }, (verdict) => {
      if (verdict === 'keep') this.#keptInWindow += 1;
      else this.#remove(channel, message);
    });
    if (position === this.#total) this.#visits.end();
  }

  #read(message: ConsumeMessage, position: number) {
    try {
      return fromAmqp(message);
    } catch (error) {
      this.#visits.fail(this.#isUnreadable(position, error));
      return undefined;
    }
  }

  #remove(channel: Channel, message: ConsumeMessage): void {
    this.#removed += 1;
    channel.ack(message);
    this.#corkSocket();
  }

  /** Behind the last acknowledgement, and before others may look: they must find what is kept in its place. */
  async #giveBack(unlock: () => Promise<void>): Promise<void> {
    if (this.#isLost) return;
    const given = async () => {
      await this.#channel?.close();
      await unlock();
    };
    try {
      if (!(await within(answerTimeoutMs, given()))) throw new Error('the broker does not answer');
    } catch (error) {
      if (this.#removed > 0) this.#visits.fail(this.#describe(error));
    }
  }

  async #openChannel(): Promise<Channel> {
    const channel = await this.#model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    channel.on('close', () => this.#onChange());
    return channel;
  }

  #onLost(error: Error | undefined): void {
    this.#isLost = true;
    // What amqplib cannot decode, it throws as it is; everything else that ends a connection has a text of its own.
    const unreadable = error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError;
    this.#visits.fail(unreadable ? this.#isUnreadable(this.#visited + 1, error) : this.#describe(error));
    this.#onChange();
  }

  #describe(error: unknown): LittoralError {
    if (isLittoralError(error)) return error;
    const { code } = Object(error) as { code?: unknown };
    const text = error === undefined ? 'the connection ended' : messageOf(error);
    if (code === 405 || (code === 403 && text.includes('exclusive'))) return isBusy(this.#queue, error);
    const place = `The look through '${this.#queue}' ended after ${this.#visited} of ${this.#total} messages`;
    if (this.#removed + this.#visits.size === 0) {
      return new LittoralError('broker-unavailable', `${place}: ${text}.`, { cause: error });
    }
    const doubt = 'What was replayed or deleted just then can still be there';
    return new LittoralError('connection-lost', `${place}: ${text}. ${doubt}.`, { cause: error });
  }

  #isUnreadable(position: number, cause: unknown): LittoralError {
    return new LittoralError(
      'unreadable-message',
      `The message at position ${position} of '${this.#queue}' cannot be decoded, so nothing from there on can be seen; ` +
        `a page of at most ${position - 1} shows what comes before it. RabbitMQ's own tools can take it out: ` +
        'the management UI, rabbitmqadmin get, or rabbitmqctl purge_queue for all of them.',
      { cause },
    );
  }
}

/** A durable queue whose node is down is "not found" too, but it is not absent. */
function isAbsent(error: unknown): boolean {
  return (error as { code?: number }).code === 404 && !/down or inaccessible/.test(messageOf(error));
}
