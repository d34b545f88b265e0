import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { LittoralError } from '../../../errors.ts';
import { Header } from '../../../message/message-headers.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { readXDeath } from '../../broker/read-broker-notes.ts';
import type { BrowseOptions } from '../../browsing.ts';
import { PendingVisits } from '../../pending-visits.ts';
import { queueBusy } from '../../queue-busy.ts';
import { fromAmqp } from '../amqp-message-mapper.ts';
import { isAbsent } from '../broker-replies.ts';
import { corker, socketOf } from '../connection/amqp-socket.ts';
import { browseFailure, cannotBeDecoded, unreadableMessage } from './browse-failure.ts';

/** The first window is small, because most browses end on the first page. Each later one is twice as large, up to here. */
const firstWindow = 125;
const largestWindow = 2000;

/** Limit of a window by the mean size of the bodies so far: all of it can be on its way when a browse ends. */
const windowBytes = 16 * 1024 * 1024;

/** After so long without a message, it is asked whether there are any: some may have left meanwhile. */
const idleMs = 500;

/**
 * Time limit for an answer that is trusted: RabbitMQ reports a quorum queue as empty if its leader takes over 250 ms.
 */
const promptMs = 200;

/** Time that the channel of a quorum queue gets to send the acknowledgements that it holds back. */
const flushMs = 500;

/** A queue whose leader is gone answers nothing, while its connection lives on. */
const answerTimeoutMs = 10_000;

/** How long the broker may take to say what is in the queue. It takes 69 s where the queue's node is down. */
const firstAnswerTimeoutMs = 5_000;

/**
 * One browse of a queue, on a connection of its own. A kept message is never settled: closing the channel requeues all
 * of them in their order. So a consumer gets a window of messages and no more, and the next consumer of the same channel
 * gets what follows: neither the broker nor this process has more than a window under way.
 */
export class BrowseSession {
  readonly model: ChannelModel;
  readonly #queue: string;
  readonly #maxWindow: number;
  readonly #upTo: number;
  readonly #visits: PendingVisits;
  readonly #corkSocket: () => void;
  #channel: Channel | undefined;
  #unlock: (() => Promise<unknown>) | undefined;
  #total = 0;
  /** The position of the last one to be visited. */
  #last = 0;
  #window = 0;
  /** Number of consumers so far. */
  #consumers = 0;
  #visited = 0;
  #bytes = 0;
  /** The position of the last one that the broker may have sent: it sends another for each that is acknowledged. */
  #maySend = 0;
  /** To be acknowledged when nothing more is to be sent. */
  readonly #done: ConsumeMessage[] = [];
  #removed = 0;
  /** How many of this window are kept: the broker sends no more of it once that is all of them. */
  #keptInWindow = 0;
  #isLost = false;
  /** True while the broker has not answered the first requests. */
  #isSilent = false;
  /** Deliveries to the first consumer that arrived before the size of the queue was known. */
  #uncounted: (ConsumeMessage | null)[] | undefined;
  #firstConsumer: string | undefined;
  #consumerTag: string | undefined;
  /** Number of messages that the broker has sent. */
  #received = 0;
  /** True if the last message had been returned to a quorum queue before. */
  #isReturned = false;
  /** True once every removed message has left the queue: the end of the connection no longer requeues one. */
  #isFlushed = false;
  #onLost = () => {};
  /** amqplib never answers a call that the end of the connection overtakes. */
  readonly #lost = new Promise<void>((resolve) => {
    this.#onLost = resolve;
  });
  #onChange = () => {};

  constructor(model: ChannelModel, queue: string, browsing: BrowseOptions) {
    this.model = model;
    this.#queue = queue;
    this.#maxWindow = browsing.window ?? largestWindow;
    this.#upTo = browsing.upTo ?? Number.POSITIVE_INFINITY;
    this.#visits = new PendingVisits(browsing, () => this.#onChange());
    this.#corkSocket = corker(model);
    model.on('close', (error?: Error) => this.#end(error));
  }

  /** Returns the number of messages that have been visited. */
  get visited(): number {
    return this.#visited;
  }

  /** See `QueueBrowser.browse`. */
  async run(): Promise<void> {
    try {
      await Promise.race([this.#browse(), this.#lost]);
    } catch (error) {
      this.#visits.fail(this.#describe(error));
    }
    // A message that is being removed is published on another connection, so its visit has to end by itself.
    await this.#visits.finish().catch(() => {});
    // What has no answer yet would hold up its channel's end as well.
    if (this.#isSilent) this.cut();
    else if (!this.#isLost) await this.#requeueKept();
    await this.#visits.finish();
  }

  /** Visits no more, for a reason that `run` rejects with. */
  abort(error: LittoralError): void {
    this.#visits.fail(error);
    this.#onChange();
  }

  /** Ends the connection without waiting for anything. */
  cut(): void {
    socketOf(this.model)?.destroy(new Error('closed'));
  }

  // Between two windows the queue has no consumer, and another process could take its place. This it cannot take: a
  // queue that belongs to this connection.
  async #lock(): Promise<void> {
    const lock = `${this.#queue}_browser`;
    const channel = await this.#openChannel();
    await channel.assertQueue(lock, { exclusive: true, durable: false });
    this.#unlock = () => channel.deleteQueue(lock);
  }

  async #browse(): Promise<void> {
    let channel: Channel | undefined;
    const opened = this.#open().then((open) => {
      channel = open;
    });
    if (!(await completesWithin(firstAnswerTimeoutMs, opened))) {
      this.#isSilent = true;
      throw new Error('the broker does not answer; the node of this queue may be down');
    }
    if (channel === undefined || this.#last === 0) return;
    this.#channel = channel;
    while (!this.#visits.ended) await this.#browseWindow(channel);
  }

  /** Keeps others out, and asks what there is. */
  async #open(): Promise<Channel> {
    await this.#lock();
    const channel = await this.#openChannel();
    const found = await channel.checkQueue(this.#queue).catch((error) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    if (found === undefined) return channel;
    // A quorum queue knows no exclusive consumer: it would share itself out among all.
    if (found.consumerCount > 0) throw queueBusy(this.#queue);
    if (found.messageCount === 0) await this.#countWhileConsuming(channel);
    else this.#total = found.messageCount;
    this.#last = Math.min(this.#total, this.#upTo);
    return channel;
  }

  // RabbitMQ reports a quorum queue as empty if its leader is gone or takes longer than 250 ms. The report is correct
  // once RabbitMQ lists the consumer. The deliveries to that consumer are the first window.
  async #countWhileConsuming(channel: Channel): Promise<void> {
    this.#window = Math.min(firstWindow, this.#maxWindow, this.#upTo);
    this.#uncounted = [];
    this.#firstConsumer = await this.#consume(channel);
    let found = await channel.checkQueue(this.#queue);
    while (found.consumerCount === 0 && !this.#isSilent) found = await channel.checkQueue(this.#queue);
    if (found.consumerCount > 1) throw queueBusy(this.#queue);
    // Deliveries that the queue sent before its answer arrive before the next answer.
    await channel.checkQueue(this.#queue);
    this.#total = found.messageCount + (found.messageCount > 0 ? this.#window : this.#uncounted.length);
  }

  async #consume(channel: Channel): Promise<string> {
    await channel.prefetch(this.#window);
    const onMessage = (message: ConsumeMessage | null) => {
      if (this.#uncounted) this.#uncounted.push(message);
      else this.#onMessage(channel, message);
    };
    const consumerTag = this.#nextConsumerTag();
    return (await channel.consume(this.#queue, onMessage, { exclusive: true, consumerTag })).consumerTag;
  }

  // When the channel closes, RabbitMQ 3 returns the messages of a quorum queue consumer by consumer, in the order of
  // their tags. Those that amqplib gives are random.
  #nextConsumerTag(): string {
    this.#consumers += 1;
    return `browse-${String(this.#consumers).padStart(9, '0')}`;
  }

  async #browseWindow(channel: Channel): Promise<void> {
    this.#keptInWindow = 0;
    if (this.#firstConsumer === undefined) this.#window = this.#nextWindow();
    this.#maySend = this.#visited + this.#window;
    this.#consumerTag = this.#firstConsumer ?? (await this.#consume(channel));
    this.#firstConsumer = undefined;
    const uncounted = this.#uncounted ?? [];
    this.#uncounted = undefined;
    for (const message of uncounted) this.#onMessage(channel, message);
    while (!this.#isWindowOver) await this.#nextChange(channel);
    if (!this.#visits.ended) await channel.cancel(this.#consumerTag);
  }

  // A quorum queue delivers returned messages first, and queues later returns behind them. So the order is kept
  // only if nothing is returned before all of them were delivered. And no consumer may be cancelled that can still get
  // a delivery: RabbitMQ puts such a message at the end of a queue without a delivery limit.
  async #takeAllReturned(channel: Channel): Promise<void> {
    while (this.#isReturned && this.#received < this.#total) {
      if (this.#received >= this.#maySend) {
        const prefetch = Math.min(this.#largestAffordable(), this.#total - this.#received);
        this.#maySend = this.#received + prefetch;
        await channel.prefetch(prefetch);
        const consumerTag = this.#nextConsumerTag();
        await channel.consume(this.#queue, (message) => this.#onMessage(channel, message), { consumerTag });
      }
      const before = this.#received;
      const changed = new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
      if (!(await completesWithin(idleMs, changed)) && this.#received === before) return; // Other consumers took some messages.
    }
  }

  #largestAffordable(): number {
    const affordable = Math.floor((windowBytes * this.#visited) / this.#bytes) || 1;
    return this.#bytes === 0 ? largestWindow : Math.min(largestWindow, affordable);
  }

  #nextWindow(): number {
    const affordable = Math.floor((windowBytes * this.#visited) / this.#bytes) || 1;
    const larger = this.#window === 0 ? firstWindow : 2 * this.#window;
    const most = this.#bytes === 0 ? larger : Math.min(larger, affordable);
    return Math.min(most, this.#maxWindow, this.#last - this.#visited);
  }

  get #isWindowOver(): boolean {
    return this.#visits.ended || this.#keptInWindow === this.#window;
  }

  /** Waits until something happens, or ends the visits when nothing can. */
  async #nextChange(channel: Channel): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#onChange = resolve;
    });
    if ((await completesWithin(idleMs, changed)) || this.#visits.size > 0) return;
    let waiting = 0;
    const askedAtMs = performance.now();
    const counted = channel.checkQueue(this.#queue).then(({ messageCount }) => {
      waiting = messageCount;
    });
    if (!(await completesWithin(answerTimeoutMs, counted))) throw new Error('the broker does not answer');
    // A quorum queue with a slow leader gives the same answer.
    if (waiting === 0 && performance.now() - askedAtMs > promptMs) return;
    // The last delivery may come behind that answer.
    if (waiting === 0 && !(await completesWithin(idleMs, changed))) this.#visits.end();
  }

  // Must not throw: amqplib would close the channel.
  #onMessage(channel: Channel, message: ConsumeMessage | null): void {
    this.#onChange();
    if (message !== null) {
      this.#received += 1;
      this.#isReturned = isReturned(message);
    }
    if (this.#visits.ended) return; // It goes back with the others.
    if (message === null) {
      this.#visits.end(); // The queue was deleted.
      return;
    }
    const position = this.#visited + 1;
    const read = this.#read(message, position);
    if (read === undefined) return;
    this.#visited = position;
    this.#bytes += read.body.byteLength;
    const death = readXDeath(read.headers);
    this.#visits.visit({ message: read, death, position, total: this.#total }, (action) => {
      if (action === 'keep') this.#keptInWindow += 1;
      else this.#remove(channel, message);
    });
    if (position === this.#last) this.#visits.end();
  }

  #read(message: ConsumeMessage, position: number) {
    try {
      return fromAmqp(message);
    } catch (error) {
      this.#visits.fail(unreadableMessage(this.#queue, position, error));
      return undefined;
    }
  }

  #remove(channel: Channel, message: ConsumeMessage): void {
    this.#removed += 1;
    if (this.#visits.ended || this.#maySend === this.#last) {
      this.#done.push(message);
      return;
    }
    this.#maySend += 1;
    channel.ack(message);
    this.#corkSocket();
  }

  /** Follows the last acknowledgement, and precedes the end of the lock: others must find each kept message in its place. */
  async #requeueKept(): Promise<void> {
    const channel = this.#channel;
    if (channel) {
      try {
        const answered = await completesWithin(answerTimeoutMs, Promise.race([this.#acknowledge(channel), this.#lost]));
        if (!answered) throw new Error('the broker does not answer');
      } catch (error) {
        if (this.#removed > 0) this.#visits.fail(this.#describe(error));
      }
      // An error here ends the connection, which requeues every message as well.
      await Promise.race([this.#takeAllReturned(channel), this.#lost]).catch(() => {});
    }
    const closed = async () => {
      await channel?.close();
      await this.#unlock?.();
    };
    await completesWithin(answerTimeoutMs, Promise.race([closed(), this.#lost])).catch(() => {});
  }

  // The channel of a quorum queue holds acknowledgements back while the queue has not applied 32 earlier ones, and
  // drops them when it closes. It has sent them once the queue answers a `get`, which returns no message from a queue
  // that was emptied. Otherwise the channel gets some time.
  async #acknowledge(channel: Channel): Promise<void> {
    if (this.#removed > 0) {
      const mayGetMore = this.#received < this.#maySend;
      // Deliveries that acknowledgements make room for would be requeued behind messages that arrived in the meantime.
      if (!mayGetMore && this.#consumerTag !== undefined) await channel.cancel(this.#consumerTag);
      for (const message of this.#done) channel.ack(message);
      if (mayGetMore) this.#maySend += this.#done.length;
      const isExhausted = this.#received >= this.#total;
      if (isExhausted) await channel.get(this.#queue);
      const untilMs = performance.now() + (isExhausted || this.#removed <= 32 ? 0 : flushMs);
      do {
        await channel.checkQueue(this.#queue);
        await delay(performance.now() < untilMs ? 50 : 0);
      } while (performance.now() < untilMs);
    }
    this.#isFlushed = true;
  }

  async #openChannel(): Promise<Channel> {
    const channel = await this.model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    channel.on('close', () => this.#onChange());
    return channel;
  }

  #end(error: Error | undefined): void {
    this.#isLost = true;
    this.#onLost();
    if (this.#isFlushed) return;
    // What has come behind the last visit does not matter, unless an acknowledgement is lost with it.
    if (this.#visits.ended && this.#removed + this.#visits.size === 0) return;
    const next = this.#visited + 1;
    this.#visits.fail(cannotBeDecoded(error) ? unreadableMessage(this.#queue, next, error) : this.#describe(error));
    this.#onChange();
  }

  #describe(error: unknown): LittoralError {
    const inDoubt = this.#removed + this.#visits.size > 0;
    return browseFailure(error, { queue: this.#queue, visited: this.#visited, total: this.#total, inDoubt });
  }
}

/** Returns whether a message was returned to its queue before. Only a quorum queue counts returns. */
function isReturned({ fields, properties }: ConsumeMessage): boolean {
  return fields.redelivered && Number(properties.headers?.[Header.deliveryCount]) > 0;
}
