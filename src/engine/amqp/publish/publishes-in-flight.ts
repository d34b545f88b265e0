import type { Message } from 'amqplib';
import { TurnoverSet } from '../../../collection/turnover-set.ts';
import { LittoralError } from '../../../errors.ts';
import { completesWithin } from '../../../time/timeout.ts';
import type { InFlight } from './in-flight.ts';

export interface PublishesInFlightOptions {
  /** Maximum number of publishes that wait for their confirm. */
  readonly maxInFlight: number;
  /** Maximum number of bytes of bodies that wait for their confirm. */
  readonly maxInFlightBytes: number;
  /** Milliseconds that a publish waits for its confirm. */
  readonly confirmTimeoutMs: number;
  /** A callback for each publish that is still in flight after that time. */
  readonly onTimedOut: (entry: InFlight) => void;
}

/**
 * The publishes that wait for their confirm, in the order of their calls. A publish that timed out stays among
 * them, because the broker still holds it, so that the total stays bounded.
 */
export class PublishesInFlight {
  readonly #options: PublishesInFlightOptions;
  readonly #entries = new TurnoverSet<InFlight>();
  #bytes = 0;
  /** Number of publishes in flight that have timed out. */
  #timedOut = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #whenIdle: (() => void) | undefined;
  /** The callers that wait for a publish to end. */
  #waiting: (() => void)[] = [];

  constructor(options: PublishesInFlightOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the size of the bodies in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns whether no caller waits for a publish any more. */
  get haveAllTimedOut(): boolean {
    return this.#timedOut === this.#entries.size;
  }

  [Symbol.iterator](): Generator<InFlight, undefined> {
    return this.#entries[Symbol.iterator]();
  }

  has(entry: InFlight): boolean {
    return this.#entries.has(entry);
  }

  /** Returns whether one more publish with so many bytes is within the limits; a single one always is. */
  hasRoomFor(bytes: number): boolean {
    return this.#entries.size === 0 || this.hasRoomForAll(1, bytes);
  }

  /** Returns whether so many more publishes with so many bytes together are within the limits. */
  hasRoomForAll(count: number, bytes: number): boolean {
    const { maxInFlight, maxInFlightBytes } = this.#options;
    const isWithinBytes = bytes === 0 || this.#bytes + bytes <= maxInFlightBytes;
    return this.#entries.size + count <= maxInFlight && isWithinBytes;
  }

  /** @throws LittoralError where there is no room for a publish */
  assertRoomFor({ bytes, messageId }: InFlight): void {
    if (this.hasRoomFor(bytes)) return;
    throw new LittoralError(
      'too-many-in-flight',
      `Nothing was sent: ${this.#entries.size} publishes (${this.#bytes} bytes) wait for the broker's confirm.`,
      { messageId },
    );
  }

  add(entry: InFlight): void {
    this.#entries.add(entry);
    this.#bytes += entry.bytes;
    this.#sweeper ??= setTimeout(() => this.#sweep(), this.#options.confirmTimeoutMs).unref();
  }

  remove(entry: InFlight): void {
    if (!this.#entries.delete(entry)) return;
    this.#bytes -= entry.bytes;
    if (entry.timedOut) this.#timedOut -= 1;
    if (this.#entries.size === 0) this.#whenIdle?.();
    if (this.#waiting.length > 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  removeAll(): void {
    for (const entry of this.#entries) this.remove(entry);
  }

  /**
   * Finds the publish that the broker returned. A return arrives before the confirm of its message and carries no tag.
   * The broker answers in order, so the first publish of that address and id that was not returned yet is the one. One
   * id can be in flight twice.
   */
  findReturned({ fields, properties }: Message): InFlight | undefined {
    for (const entry of this.#entries) {
      const same =
        entry.messageId === properties.messageId &&
        entry.route.exchange === fields.exchange &&
        entry.route.routingKey === fields.routingKey;
      if (same && entry.position > 0 && !entry.returned) return entry;
    }
    return undefined;
  }

  /** Resolves when a publish leaves. */
  nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Resolves when no publish waits for its confirm any more, at the latest after the deadline. */
  async flush(deadlineMs: number): Promise<void> {
    if (this.#entries.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
    await completesWithin(deadlineMs, idle);
  }

  // One timer for all: they all have the same time, so the first in the set is the first that is due.
  #sweep(): void {
    this.#sweeper = undefined;
    const now = performance.now();
    for (const entry of this.#entries) {
      if (entry.timedOut) continue;
      if (entry.deadline > now) {
        this.#sweeper = setTimeout(() => this.#sweep(), entry.deadline - now).unref();
        return;
      }
      entry.timedOut = true;
      this.#timedOut += 1;
      this.#options.onTimedOut(entry);
    }
  }
}
