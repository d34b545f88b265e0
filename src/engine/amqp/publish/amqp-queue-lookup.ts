import type { Channel, ChannelModel } from 'amqplib';
import pLimit, { type LimitFunction } from 'p-limit';
import { LittoralError } from '../../../errors.ts';
import type { MaybePromise } from '../../../promise/maybe-promise.ts';
import { completesWithin } from '../../../time/timeout.ts';
import { isAbsent, isExclusive, replyCode } from '../broker-replies.ts';
import type { AmqpConnection } from '../connection/amqp-connection.ts';
import { assertUsable } from '../connection/assert-usable.ts';
import { reasonOf } from '../connection/connection-end.ts';
import { notSent } from '../not-sent.ts';

export interface AmqpQueueLookupOptions {
  /** Milliseconds for which a found queue is cached. After that, it is looked up again in the background. */
  readonly rememberMs: number;
  readonly timeoutMs: number;
  /** Maximum number of queued look-ups of unknown names. */
  readonly maxWaiting: number;
}

/** A queue that was found. */
interface Known {
  believedUntilMs: number;
  lookAgainAtMs: number;
}

interface Spare {
  readonly model: ChannelModel;
  readonly channel: Channel;
}

/** Time for which a queue stays cached after a message for it was confirmed and not returned. */
const provenMs = 60_000;
/** Time for which an absent queue is cached as absent: its service may be about to start. */
const absentMs = 250;

const maxRemembered = 10_000;

/** Maximum number of parallel look-ups of unknown names. Each costs a channel, and a user can have a channel limit. */
const unknownSideBySide = 3;

/**
 * A cached look-up of whether queues exist. Names that were found before have a separate lane, so that callers with
 * many unknown names cannot hold them up.
 */
export class AmqpQueueLookup {
  readonly #connection: AmqpConnection;
  readonly #options: AmqpQueueLookupOptions;
  readonly #known = new Map<string, Known>();
  readonly #absentUntilMs = new Map<string, number>();
  readonly #asking = new Map<string, Promise<boolean>>();
  readonly #knownLane = pLimit(1);
  readonly #unknownLane = pLimit(unknownSideBySide);
  /** Idle channels: no look-up waits for an answer on them. */
  #spares: Spare[] = [];

  constructor(connection: AmqpConnection, options: AmqpQueueLookupOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** @throws LittoralError `broker-unavailable`, `broker-blocked`, `too-many-in-flight` if the answer is unknown */
  hasQueue(queue: string): MaybePromise<boolean> {
    const nowMs = performance.now();
    const known = this.#known.get(queue);
    if (known !== undefined && known.believedUntilMs > nowMs) {
      if (known.lookAgainAtMs <= nowMs) this.#lookAgain(queue, known);
      return true;
    }
    if ((this.#absentUntilMs.get(queue) ?? 0) > nowMs) return false;
    return this.#lookUp(queue);
  }

  async #lookUp(queue: string): Promise<boolean> {
    return this.#asking.get(queue) ?? this.#ask(queue);
  }

  /** Extends the cache time of a queue: a message for it was confirmed and not returned. */
  onRouted(queue: string): void {
    const known = this.#known.get(queue);
    if (known !== undefined) known.believedUntilMs = performance.now() + provenMs;
  }

  /** Caches a queue as existing: this process has just declared it, and may have found it absent right before. */
  onDeclared(queue: string): void {
    this.#remember(queue, true);
  }

  /** Expires a queue, so that it is looked up before the next message: a message for it was returned. */
  onReturned(queue: string): void {
    this.#known.delete(queue);
  }

  // A routed message may have reached another queue through a wide binding, so it is only short-lived evidence.
  #lookAgain(queue: string, known: Known): void {
    known.lookAgainAtMs = performance.now() + this.#options.rememberMs;
    if (!this.#asking.has(queue) && this.#connection.model !== undefined) this.#ask(queue).catch(() => {});
  }

  #ask(queue: string): Promise<boolean> {
    assertUsable(this.#connection);
    const isKnown = this.#known.has(queue);
    if (!isKnown && this.#unknownLane.pendingCount >= this.#options.maxWaiting) {
      throw new LittoralError('too-many-in-flight', 'Nothing was sent: too many destinations are being looked up.');
    }
    const answer = this.#inTime(queue, isKnown ? this.#knownLane : this.#unknownLane).finally(() =>
      this.#asking.delete(queue),
    );
    this.#asking.set(queue, answer);
    return answer;
  }

  /**
   * The time that a look-up waits for its turn counts towards its limit: if the broker does not answer, a look-up does
   * not wait for all the limits before it.
   */
  async #inTime(queue: string, lane: LimitFunction): Promise<boolean> {
    let found: boolean | undefined;
    let isLate = false;
    const asked = lane(async () => {
      if (isLate) return;
      assertUsable(this.#connection);
      // A look-up without an answer frees its place for the next one as well.
      await completesWithin(
        this.#options.timeoutMs,
        this.#exists(queue).then((exists) => {
          found = exists;
          this.#remember(queue, exists);
        }),
      );
    });
    asked.catch(() => {});
    await completesWithin(this.#options.timeoutMs, asked);
    if (found !== undefined) return found;
    isLate = true;
    // A broker that accepts no publishes because of an alarm does not answer either.
    assertUsable(this.#connection);
    throw new LittoralError(
      'broker-unavailable',
      'Nothing was sent: the broker did not answer in time whether the queue exists.',
    );
  }

  #remember(queue: string, exists: boolean): void {
    const nowMs = performance.now();
    if (!exists) {
      this.#known.delete(queue);
      makeRoom(this.#absentUntilMs);
      this.#absentUntilMs.set(queue, nowMs + absentMs);
      return;
    }
    this.#absentUntilMs.delete(queue);
    const untilMs = nowMs + this.#options.rememberMs;
    const believedUntilMs = Math.max(untilMs, this.#known.get(queue)?.believedUntilMs ?? 0);
    // Deleted and set again, which moves it to the end: the name that was found longest ago is dropped first.
    this.#known.delete(queue);
    makeRoom(this.#known);
    this.#known.set(queue, { believedUntilMs, lookAgainAtMs: untilMs });
  }

  async #exists(queue: string): Promise<boolean> {
    let spare: Spare | undefined;
    try {
      spare = await this.#takeSpare();
      await spare.channel.checkQueue(queue);
      this.#spares.push(spare);
      return true;
    } catch (error) {
      // The broker has closed the channel over its answer.
      if (isAbsent(error)) return false;
      if (isExclusive(error)) return true; // Locked by its owner: it exists.
      const answer =
        replyCode(error) === undefined || spare === undefined
          ? 'the connection ended while the queue was looked up'
          : reasonOf(error, spare.model);
      throw notSent(String(answer), { cause: error });
    }
  }

  async #takeSpare(): Promise<Spare> {
    const { model } = this.#connection;
    if (!model) throw new Error('there is no connection to the broker');
    this.#spares = this.#spares.filter((spare) => spare.model === model);
    const spare = this.#spares.pop();
    if (spare) return spare;
    const channel = await model.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    channel.once('close', () => {
      this.#spares = this.#spares.filter((each) => each.channel !== channel);
    });
    return { model, channel };
  }
}

/** Drops the oldest entry if there is no room for another. */
function makeRoom(remembered: Map<string, unknown>): void {
  const [oldest] = remembered.keys();
  if (remembered.size >= maxRemembered && oldest !== undefined) remembered.delete(oldest);
}
