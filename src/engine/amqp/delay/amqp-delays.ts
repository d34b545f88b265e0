import { errorMessage, LittoralError } from '../../../errors.ts';
import { withoutBrokerNotes } from '../../../message/broker-notes.ts';
import type { TransportMessage } from '../../../message/transport-message.ts';
import type { DelayedPublication, PublishReceipt, QueueSpec } from '../../publication.ts';
import type { AmqpConnection } from '../connection/amqp-connection.ts';
import { assertUsable } from '../connection/assert-usable.ts';
import type { AmqpOutbound } from '../publish/amqp-outbound.ts';
import type { AmqpQueueLookup } from '../publish/amqp-queue-lookup.ts';
import { levelExchange, levelHeaders } from './amqp-delay-topology.ts';
import {
  cannotDelay,
  connectionEnded,
  DelayDeclarations,
  type DelayDeclarationsOptions,
} from './delay-declarations.ts';
import { delayLevels } from './delay-levels.ts';

export interface AmqpDelaysOptions extends DelayDeclarationsOptions {
  /** Maximum number of messages that wait for their level or their confirm. */
  readonly maxWaiting: number;
  /** Maximum number of bytes of their bodies. */
  readonly maxWaitingBytes: number;
}

/** Delays messages in the broker, on levels of which it declares those that a message needs. */
export class AmqpDelays {
  readonly #connection: AmqpConnection;
  readonly #outbound: AmqpOutbound;
  readonly #options: AmqpDelaysOptions;
  readonly #topology: DelayDeclarations;
  #waiting = 0;
  #waitingBytes = 0;
  /** Levels that were declared ahead, on any connection. */
  readonly #prepared = new Set<number>();

  constructor(connection: AmqpConnection, outbound: AmqpOutbound, lookup: AmqpQueueLookup, options: AmqpDelaysOptions) {
    this.#connection = connection;
    this.#outbound = outbound;
    this.#options = options;
    this.#topology = new DelayDeclarations(connection, lookup, options);
  }

  /** Returns the reason why messages cannot be delayed; undefined while they can, or if none was delayed. */
  get problem(): string | undefined {
    return this.#topology.problem;
  }

  /** Sends one message. See `Publisher.publish`. */
  async publish({ to, message, delayMs }: DelayedPublication): Promise<PublishReceipt> {
    assertUsable(this.#connection);
    const bytes = message.body.byteLength;
    this.#assertRoom(bytes);
    this.#waiting += 1;
    this.#waitingBytes += bytes;
    try {
      const levels = delayLevels(delayMs);
      // A kept `x-death` that names a level would be a cycle to RabbitMQ, which drops the message over it.
      const headers = { ...withoutBrokerNotes(message.headers), ...levelHeaders(levels) };
      await this.#publish(to, { ...message, headers }, levels);
    } finally {
      this.#waiting -= 1;
      this.#waitingBytes -= bytes;
    }
    return { routed: true };
  }

  /**
   * Declares the levels that these delays need, so that the first message is not late. Does so once; after a failure,
   * the next call continues with the level that failed. Never rejects.
   */
  async prepare(to: QueueSpec, delaysMs: readonly number[]): Promise<void> {
    const needed = new Set(delaysMs.flatMap(delayLevels));
    for (const level of [...needed].sort((one, other) => one - other)) {
      if (this.#prepared.has(level)) continue;
      try {
        // Takes the lock once per level, so that a message that is delayed in the meantime does not wait for all
        // levels.
        await this.#topology.declareInTurn(to, [level]);
        this.#prepared.add(level);
      } catch (error) {
        const reason = errorMessage(error);
        return this.#options.logger.debug({ queue: to.queue, reason }, 'delay levels were not declared ahead');
      }
    }
  }

  /** Restores deleted exchanges and bindings that this process had declared. Never rejects. */
  restore(): Promise<void> {
    return this.#topology.restore();
  }

  /** Forgets what was declared, because a part may be missing: the next message declares what it needs. */
  forget(): void {
    this.#topology.forget();
  }

  #assertRoom(bytes: number): void {
    const { maxWaiting, maxWaitingBytes } = this.#options;
    const isFull = this.#waiting >= maxWaiting || (this.#waiting > 0 && this.#waitingBytes + bytes > maxWaitingBytes);
    if (!isFull) return;
    throw new LittoralError(
      'too-many-in-flight',
      `Nothing was sent: ${this.#waiting} messages (${this.#waitingBytes} bytes) are being delayed.`,
    );
  }

  async #publish(to: QueueSpec, message: TransportMessage, levels: readonly number[]): Promise<void> {
    const exchange = levelExchange(this.#options.service, levels[0] as number);
    for (const isLastAttempt of [false, true]) {
      const declared = await this.#topology.declareInTurn(to, levels);
      // A message on a level is safe: everything below it exists also after RabbitMQ was killed.
      await declared.durable(to, levels);
      if (this.#connection.model !== declared.model) throw cannotDelay(connectionEnded);
      const { routed } = await this.#outbound.publish({ to: { exchange, routingKey: to.queue }, message });
      if (routed) return;
      if (isLastAttempt) throw cannotDelay(`'${exchange}' routes to no queue`);
      // Another program has deleted a level.
      this.#topology.forget();
    }
  }
}
