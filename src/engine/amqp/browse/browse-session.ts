import type { ChannelModel, ConsumeMessage } from 'amqplib';
import type { LittoralError } from '../../../errors.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { readXDeath } from '../../broker/read-broker-notes.ts';
import type { BrowseOptions } from '../../browsing.ts';
import { PendingVisits } from '../../pending-visits.ts';
import { queueBusy } from '../../queue-busy.ts';
import { fromAmqp } from '../amqp-message-mapper.ts';
import { socketOf } from '../connection/amqp-socket.ts';
import { BrowseChannel } from './browse-channel.ts';
import { browseFailure, cannotBeDecoded, unreadableMessage } from './browse-failure.ts';
import { BrowseLock } from './browse-lock.ts';
import { ChangeSignal } from './change-signal.ts';
import { WindowSizes } from './window-sizes.ts';

/** Time without a message after which the browse counts the messages again: other consumers may have taken some. */
const idleMs = 500;

/** Time limit for an answer of the queue. A queue without a leader does not answer, while the connection stays open. */
const answerTimeoutMs = 10_000;

/** Time limit for the first count of the queue. The broker takes 69 s to answer if the queue's node is down. */
const firstAnswerTimeoutMs = 5_000;

/**
 * Time that a browse waits until the queue has requeued the kept messages. For 100,000 messages on a busy machine this
 * takes more than 10 s. The queue answers no request until then, so an earlier browse would fail.
 */
const requeueTimeoutMs = 30_000;

/** The reason of a failed browse if the broker answers, but the queue does not. */
const silentQueue =
  'the queue does not answer. RabbitMQ may still be requeueing the messages of an earlier browse, or the node of the queue may be down';

/**
 * `opening`: the broker has not answered the first requests; `silent`: it did not answer them in time; `open`: messages
 * are visited; `flushed`: every removed message has left the queue, so the end of the connection requeues none of them.
 */
type ConnectionState = 'opening' | 'silent' | 'open' | 'flushed' | 'lost';

/**
 * One browse of a queue, on a connection of its own. Each consumer gets one window of messages, and the next consumer
 * of the same channel gets the next window. So no more than one window of messages is ever in transit.
 */
export class BrowseSession {
  readonly model: ChannelModel;
  readonly #queue: string;
  readonly #upTo: number;
  readonly #visits: PendingVisits;
  readonly #sizes: WindowSizes;
  readonly #changes = new ChangeSignal();
  #state: ConnectionState = 'opening';
  #onLost = () => {};
  /** Resolves when the connection is lost, because amqplib never settles the calls that wait for an answer then. */
  readonly #lost = new Promise<void>((resolve) => {
    this.#onLost = resolve;
  });
  #channel: BrowseChannel | undefined;
  #lock: BrowseLock | undefined;
  #total = 0;
  /** The position of the last message to visit. */
  #last = 0;
  #visited = 0;
  #window = 0;
  /** Number of kept messages of this window. The window is over when all of its messages are kept. */
  #keptInWindow = 0;
  /** Deliveries to the first consumer that arrived before the size of the queue was known. */
  #uncounted: (ConsumeMessage | null)[] | undefined;

  constructor(model: ChannelModel, queue: string, browsing: BrowseOptions) {
    this.model = model;
    this.#queue = queue;
    this.#upTo = browsing.upTo ?? Number.POSITIVE_INFINITY;
    this.#sizes = new WindowSizes(browsing.window);
    this.#visits = new PendingVisits(browsing, () => this.#changes.notify());
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
    // A message that is being removed is published on another connection, so only its own visit can end it.
    await this.#visits.finish().catch(() => {});
    // Requests without an answer would also delay the close of the channel.
    if (this.#state === 'silent') this.cut();
    else if (this.#state !== 'lost') await this.#requeueKept();
    await this.#visits.finish();
  }

  /** Ends the visits. `run` rejects with the error. */
  abort(error: LittoralError): void {
    this.#visits.fail(error);
    this.#changes.notify();
  }

  /** Closes the connection at once. */
  cut(): void {
    socketOf(this.model)?.destroy(new Error('closed'));
  }

  async #browse(): Promise<void> {
    const opened = this.#open().then((channel) => {
      this.#channel = channel;
      if (this.#state === 'opening') this.#state = 'open';
    });
    if (!(await completesWithin(firstAnswerTimeoutMs, opened))) {
      this.#state = 'silent';
      throw new Error(this.#lock ? silentQueue : 'the broker does not answer');
    }
    const channel = this.#channel;
    if (channel === undefined || this.#last === 0) return;
    while (!this.#visits.ended) await this.#browseWindow(channel);
  }

  /** Takes the lock, and counts the messages. Returns undefined if the queue does not exist. */
  async #open(): Promise<BrowseChannel | undefined> {
    this.#lock = await BrowseLock.take(this.model, this.#queue);
    const channel = await BrowseChannel.open(
      this.model,
      this.#queue,
      (message) => this.#onMessage(message),
      () => this.#changes.notify(),
    );
    const found = await channel.find();
    if (found === undefined) return undefined;
    // A quorum queue has no exclusive consumers: it would distribute its messages among all of its consumers.
    if (found.consumerCount > 0) throw queueBusy(this.#queue);
    this.#total = found.messageCount > 0 ? found.messageCount : await this.#countWhileConsuming(channel);
    this.#last = Math.min(this.#total, this.#upTo);
    return channel;
  }

  // RabbitMQ reports a quorum queue as empty if its leader is gone or takes longer than 250 ms. The report is correct
  // once RabbitMQ lists the consumer. The deliveries to that consumer are the first window.
  async #countWhileConsuming(channel: BrowseChannel): Promise<number> {
    const uncounted: (ConsumeMessage | null)[] = [];
    this.#uncounted = uncounted;
    this.#window = this.#sizes.next(this.#upTo);
    await channel.consume(this.#window);
    let found = await channel.count();
    while (found.consumerCount === 0 && this.#state === 'opening') found = await channel.count();
    if (found.consumerCount > 1) throw queueBusy(this.#queue);
    // All deliveries that the queue sent before its last answer arrive before the answer to this request.
    await channel.count();
    return found.messageCount + (found.messageCount > 0 ? this.#window : uncounted.length);
  }

  async #browseWindow(channel: BrowseChannel): Promise<void> {
    this.#keptInWindow = 0;
    const uncounted = this.#uncounted;
    this.#uncounted = undefined;
    if (uncounted) {
      for (const message of uncounted) this.#onMessage(message);
    } else {
      this.#window = this.#sizes.next(this.#last - this.#visited);
      await channel.consume(this.#window);
    }
    while (!this.#isWindowOver) await this.#nextChange(channel);
    if (!this.#visits.ended) await channel.cancel();
  }

  get #isWindowOver(): boolean {
    return this.#visits.ended || this.#keptInWindow === this.#window;
  }

  /** Waits for a change, or ends the visits if the queue is empty. */
  async #nextChange(channel: BrowseChannel): Promise<void> {
    const changed = this.#changes.next();
    if ((await completesWithin(idleMs, changed)) || this.#visits.size > 0) return;
    let isEmpty = false;
    const counted = channel.count().then(({ messageCount, isCertain }) => {
      isEmpty = messageCount === 0 && isCertain;
    });
    if (!(await completesWithin(answerTimeoutMs, counted))) throw new Error('the broker does not answer');
    // The last delivery may arrive after that answer.
    if (isEmpty && !(await completesWithin(idleMs, changed))) this.#visits.end();
  }

  #onMessage(message: ConsumeMessage | null): void {
    if (this.#uncounted) {
      this.#uncounted.push(message);
      return;
    }
    this.#changes.notify();
    if (this.#visits.ended) return; // It is requeued with the others.
    if (message === null) {
      this.#visits.end(); // The queue was deleted.
      return;
    }
    const position = this.#visited + 1;
    const read = this.#read(message, position);
    if (read === undefined) return;
    this.#visited = position;
    this.#sizes.add(read.body);
    const death = readXDeath(read.headers);
    this.#visits.visit({ message: read, death, position, total: this.#total }, (action) => {
      const channel = this.#channel;
      if (action === 'keep') this.#keptInWindow += 1;
      else channel?.remove(message, this.#visits.ended || channel.maySend === this.#last);
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

  /**
   * Requeues the kept messages after the last acknowledgement and before the lock is released, so that other processes
   * find each of them in its place.
   */
  async #requeueKept(): Promise<void> {
    const channel = this.#channel;
    if (channel) {
      try {
        const answered = await completesWithin(answerTimeoutMs, Promise.race([this.#flush(channel), this.#lost]));
        if (!answered) throw new Error('the broker does not answer');
      } catch (error) {
        if (channel.removed > 0) this.#visits.fail(this.#describe(error));
      }
      // An error here closes the connection, which also requeues every message.
      await Promise.race([this.#takeAllReturned(channel), this.#lost]).catch(() => {});
    }
    const closed = async () => {
      await channel?.close();
      if (channel && channel.received > channel.removed) await this.#lock?.untilRequeued();
      await this.#lock?.release();
    };
    await completesWithin(requeueTimeoutMs, Promise.race([closed(), this.#lost])).catch(() => {});
  }

  async #flush(channel: BrowseChannel): Promise<void> {
    await channel.flush(this.#total);
    if (this.#state === 'open') this.#state = 'flushed';
  }

  // A quorum queue delivers returned messages first, and places messages that are returned later after them. So the
  // order is kept only if all messages are delivered before the first one is returned. A consumer that can still get a
  // delivery must not be cancelled: RabbitMQ puts such a message at the end of a queue without a delivery limit.
  async #takeAllReturned(channel: BrowseChannel): Promise<void> {
    while (channel.isLastReturned && channel.received < this.#total) {
      if (channel.isFull) {
        await channel.consume(Math.min(this.#sizes.largest(), this.#total - channel.received), false);
      }
      const before = channel.received;
      // Other consumers took some messages if none arrives.
      if (!(await completesWithin(idleMs, this.#changes.next())) && channel.received === before) return;
    }
  }

  #end(error: Error | undefined): void {
    const isFlushed = this.#state === 'flushed';
    this.#state = 'lost';
    this.#onLost();
    if (isFlushed) return;
    // After the last visit, the end of the connection matters only if an acknowledgement is lost.
    if (this.#visits.ended && !this.#isInDoubt) return;
    const next = this.#visited + 1;
    this.#visits.fail(cannotBeDecoded(error) ? unreadableMessage(this.#queue, next, error) : this.#describe(error));
    this.#changes.notify();
  }

  #describe(error: unknown): LittoralError {
    const progress = { queue: this.#queue, visited: this.#visited, total: this.#total, inDoubt: this.#isInDoubt };
    return browseFailure(error, progress);
  }

  get #isInDoubt(): boolean {
    return (this.#channel?.removed ?? 0) + this.#visits.size > 0;
  }
}
