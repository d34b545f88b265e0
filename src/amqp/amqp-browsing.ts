import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { queueBusy } from '../channel/browsing-turns.ts';
import type { Browsing } from '../channel/message-channel.ts';
import { PendingVisits } from '../channel/pending-visits.ts';
import type { LittoralError } from '../errors.ts';
import { within } from '../within.ts';
import { fromAmqp } from './amqp-message-mapper.ts';
import { corker, socketOf } from './amqp-socket.ts';
import { isAbsent } from './broker-replies.ts';
import { browsingFailure, cannotBeDecoded, unreadableMessage } from './browsing-failure.ts';

/** The first window is small, for most looks end on the first page; each one after it is twice as large, up to here. */
const firstWindow = 125;
const largestWindow = 2000;

/** What a window may take, by the mean size of the bodies so far: all of it can be on its way when a look ends. */
const windowBytes = 16 * 1024 * 1024;

/** After so long without a message, it is asked whether there are any: some may have left meanwhile. */
const idleMs = 500;

/** A queue whose leader is gone answers nothing, while its connection lives on. */
const answerTimeoutMs = 10_000;

/** How long the broker may take to say what is in the queue. It takes 69 s where the queue's node is down. */
const firstAnswerTimeoutMs = 5_000;

/**
 * One look through a queue, on a connection of its own. Nothing that is kept is settled: closing the channel puts all of it
 * back in its order. So a consumer gets a window of messages and no more, and the next consumer of the same channel
 * gets what comes behind it: neither the broker nor this process has more than a window under way.
 */
export class AmqpBrowsing {
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
  /** Whether the broker has not answered the first questions. */
  #isSilent = false;
  #onLost = () => {};
  /** amqplib never answers a call that the end of the connection overtakes. */
  readonly #lost = new Promise<void>((resolve) => {
    this.#onLost = resolve;
  });
  #onChange = () => {};

  constructor(model: ChannelModel, queue: string, browsing: Browsing) {
    this.model = model;
    this.#queue = queue;
    this.#maxWindow = browsing.window ?? largestWindow;
    this.#upTo = browsing.upTo ?? Number.POSITIVE_INFINITY;
    this.#visits = new PendingVisits(browsing, () => this.#onChange());
    this.#corkSocket = corker(model);
    model.on('close', (error?: Error) => this.#end(error));
  }

  /** How many messages have been visited. */
  get visited(): number {
    return this.#visited;
  }

  /** See `MessageChannel.browse`. */
  async run(): Promise<void> {
    try {
      await Promise.race([this.#look(), this.#lost]);
    } catch (error) {
      this.#visits.fail(this.#describe(error));
    }
    // What is being removed is published on another connection, and must not be given up on.
    await this.#visits.finish().catch(() => {});
    // What has no answer yet would hold up its channel's end as well.
    if (this.#isSilent) this.cut();
    else if (!this.#isLost) await this.#giveBack();
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

  async #look(): Promise<void> {
    let channel: Channel | undefined;
    const opened = this.#open().then((open) => {
      channel = open;
    });
    if (!(await within(firstAnswerTimeoutMs, opened))) {
      this.#isSilent = true;
      throw new Error('the broker does not answer; the node of this queue may be down');
    }
    if (channel === undefined || this.#last === 0) return;
    this.#channel = channel;
    while (!this.#visits.ended) await this.#lookThroughWindow(channel);
  }

  /** Keeps others out, and asks what there is. */
  async #open(): Promise<Channel> {
    await this.#lock();
    const channel = await this.#openChannel();
    const found = await channel.checkQueue(this.#queue).catch((error) => {
      if (isAbsent(error)) return { messageCount: 0, consumerCount: 0 };
      throw error;
    });
    // A quorum queue knows no exclusive consumer: it would share itself out among all.
    if (found.consumerCount > 0) throw queueBusy(this.#queue);
    this.#total = found.messageCount;
    this.#last = Math.min(this.#total, this.#upTo);
    return channel;
  }

  async #lookThroughWindow(channel: Channel): Promise<void> {
    this.#keptInWindow = 0;
    this.#window = this.#nextWindow();
    this.#maySend = this.#visited + this.#window;
    await channel.prefetch(this.#window);
    const onMessage = (message: ConsumeMessage | null) => this.#onMessage(channel, message);
    const { consumerTag } = await channel.consume(this.#queue, onMessage, { exclusive: true });
    while (!this.#isWindowOver) await this.#nextChange(channel);
    if (!this.#visits.ended) await channel.cancel(consumerTag);
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
    // The last delivery may come behind that answer.
    if (waiting === 0 && !(await within(idleMs, changed))) this.#visits.end();
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
    this.#bytes += read.body.byteLength;
    this.#visits.visit({ message: read, position, total: this.#total }, (verdict) => {
      if (verdict === 'keep') this.#keptInWindow += 1;
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

  /** Behind the last acknowledgement, and before others may look: they must find what is kept in its place. */
  async #giveBack(): Promise<void> {
    const given = async () => {
      for (const message of this.#done) this.#channel?.ack(message);
      await this.#channel?.close();
      await this.#unlock?.();
    };
    try {
      const answered = await within(answerTimeoutMs, Promise.race([given(), this.#lost]));
      if (!answered) throw new Error('the broker does not answer');
    } catch (error) {
      if (this.#removed > 0) this.#visits.fail(this.#describe(error));
    }
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
    // What has come behind the last visit does not matter, unless an acknowledgement is lost with it.
    if (this.#visits.ended && this.#removed + this.#visits.size === 0) return;
    const next = this.#visited + 1;
    this.#visits.fail(cannotBeDecoded(error) ? unreadableMessage(this.#queue, next, error) : this.#describe(error));
    this.#onChange();
  }

  #describe(error: unknown): LittoralError {
    const inDoubt = this.#removed + this.#visits.size > 0;
    return browsingFailure(error, { queue: this.#queue, visited: this.#visited, total: this.#total, inDoubt });
  }
}
