import type { Publisher } from '../engine/publication.ts';
import { isLittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { describeMessage } from '../message/describe-message.ts';
import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { deadLetterQueue, dueQueue } from '../wire/service-queue.ts';
import { errorSnapshot } from './error-snapshot.ts';

export interface DeadLetterOutletOptions {
  readonly service: string;
  readonly channel: Publisher;
  readonly logger: Logger;
}

/** Maximum number of unconfirmed dead letters: each takes room in the publishing channel, which other publishes need. */
const mostUnconfirmed = 64;

/** Backoff after a missing confirm, in which nothing is published to the queue. It doubles each time. */
const silence = { firstMs: 1000, maxMs: 300_000 };

/** Time for which a refusal is reported: longer than the longest delay of a dead letter that was set aside. */
const reportedMs = 300_000;

/**
 * Delays of 2^16 ms to 2^18 ms, that is 66 s to 262 s. Each is a single delay level, so that few queues are declared.
 */
const delays = { first: 16, highest: 18 };

/**
 * The publisher of a service's dead letters. A dead letter that its queue does not take, because it is full, missing or
 * does not confirm, can be set aside: it waits in a delay of the service, and is published again after it.
 */
export class DeadLetterOutlet {
  readonly #options: DeadLetterOutletOptions;
  readonly #queue: string;
  /** Publishes that wait for a free place among the unconfirmed. */
  readonly #waiting: (() => void)[] = [];
  #unconfirmed = 0;
  /** The current backoff; undefined while the queue confirms. */
  #silent: { readonly error: unknown; readonly count: number; isOver: boolean } | undefined;
  #isProbing = false;
  /** Number of refusals so far. */
  #refusals = 0;
  #refusal: { readonly reason: string; readonly atMs: number } | undefined;

  constructor(options: DeadLetterOutletOptions) {
    this.#options = options;
    this.#queue = deadLetterQueue(options.service);
  }

  /**
   * Returns why the queue takes no dead letters; undefined if it took the last one, or if there was none for some
   * minutes.
   */
  get problem(): string | undefined {
    if (this.#refusal === undefined || performance.now() - this.#refusal.atMs > reportedMs) return undefined;
    const { reason } = this.#refusal;
    return `the dead letter queue '${this.#queue}' takes no dead letters, which are delayed until it does: ${reason}`;
  }

  /**
   * Publishes a dead letter.
   *
   * @throws what `Publisher.publish` throws; immediately while the queue does not confirm
   */
  async publish(message: TransportMessage): Promise<void> {
    this.#assertNotSilent();
    while (this.#unconfirmed >= mostUnconfirmed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#assertNotSilent();
    }
    const isProbe = this.#silent !== undefined;
    this.#isProbing ||= isProbe;
    this.#unconfirmed += 1;
    const refusalsBefore = this.#refusals;
    try {
      const to = { queue: this.#queue };
      const { routed } = await this.#options.channel.publish({ to, message, keepsOrder: true });
      if (!routed) throw new Error(`the queue '${this.#queue}' does not exist`);
      this.#onTaken(refusalsBefore);
    } catch (error) {
      if (isRefusal(error)) this.#onRefused(error);
      throw error;
    } finally {
      if (isProbe) this.#isProbing = false;
      this.#unconfirmed -= 1;
      if (this.#silent) for (const wake of this.#waiting.splice(0)) wake();
      else this.#waiting.shift()?.();
    }
  }

  /**
   * Delays a dead letter, which is published again afterwards.
   *
   * @param earlier number of times that it was set aside before
   * @throws what `Publisher.publish` throws
   */
  async setAside(message: TransportMessage, earlier = 0): Promise<void> {
    const { channel, service, logger } = this.#options;
    // One less than the power of two, because the broker can be early by a millisecond.
    const delayMs = 2 ** Math.min(delays.highest, delays.first + earlier) - 1;
    const headers = { ...message.headers, [Header.setAside]: earlier + 1 };
    await channel.publish({ to: dueQueue(service), message: { ...message, headers }, delayMs });
    const fields = { ...describeMessage(message), deadLetterQueue: this.#queue, againAfterMs: delayMs };
    logger.warn({ ...fields, reason: this.#refusal?.reason }, 'dead letter set aside: its queue does not take it');
  }

  #assertNotSilent(): void {
    if (this.#silent && (this.#isProbing || !this.#silent.isOver)) throw this.#silent.error;
  }

  #onTaken(refusalsBefore: number): void {
    this.#silent = undefined;
    if (this.#refusal === undefined) return;
    // A classic queue refuses at once and confirms late: this confirm can be of a message from before the refusal.
    if (refusalsBefore !== this.#refusals) return;
    this.#refusal = undefined;
    this.#options.logger.info({ deadLetterQueue: this.#queue }, 'dead letter queue takes dead letters again');
  }

  #onRefused(error: unknown): void {
    const { message: reason } = errorSnapshot(error);
    if (this.#refusal === undefined) {
      const fields = { deadLetterQueue: this.#queue, reason };
      this.#options.logger.error(
        fields,
        'dead letter queue takes no dead letters: it may be full or missing, or its node may be down',
      );
    }
    this.#refusals += 1;
    this.#refusal = { reason, atMs: performance.now() };
    if (!isLittoralError(error) || error.code !== 'confirm-timeout') return;
    // Several publishes can time out together. They count once.
    if (this.#silent?.isOver === false) return;
    const count = (this.#silent?.count ?? 0) + 1;
    const silent = { error, count, isOver: false };
    this.#silent = silent;
    const end = () => {
      silent.isOver = true;
    };
    setTimeout(end, Math.min(silence.maxMs, silence.firstMs * 2 ** (count - 1))).unref();
  }
}

/** Returns whether an error concerns this queue only, so that the broker may accept messages for others. */
export function isRefusal(error: unknown): boolean {
  return !isLittoralError(error) || error.code === 'nacked' || error.code === 'confirm-timeout';
}

/**
 * Returns the number of times that a due message was set aside as a dead letter.
 *
 * @returns undefined if it is not a dead letter
 */
export function timesSetAside({ headers }: Pick<TransportMessage, 'headers'>): number | undefined {
  const count = headers[Header.setAside];
  return Number.isSafeInteger(count) && (count as number) > 0 ? (count as number) : undefined;
}

/** Returns the dead letter without the headers of setting it aside. */
export function withoutSetAside(message: TransportMessage): TransportMessage {
  const { [Header.setAside]: _, ...headers } = message.headers;
  return { ...message, headers };
}
