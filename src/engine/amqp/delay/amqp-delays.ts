import type { ChannelModel } from 'amqplib';
import { type ErrorDetails, errorMessage, isLittoralError, LittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { withoutBrokerNotes } from '../../../message/broker-notes.ts';
import type { TransportMessage } from '../../../message/transport-message.ts';
import { completesWithin } from '../../../time/timeout.ts';
import type { DelayedPublication, PublishReceipt, QueueSpec } from '../../publication.ts';
import type { AmqpDeadLetterQueues } from '../amqp-dead-letter-queues.ts';
import type { QueueType } from '../amqp-topology.ts';
import { isAbsent } from '../broker-replies.ts';
import { type AmqpConnection, assertUsable } from '../connection/amqp-connection.ts';
import { reasonOf } from '../connection/connection-end.ts';
import type { Declarer, PermittedDeclarations } from '../permitted-declarations.ts';
import type { AmqpOutbound } from '../publish/amqp-outbound.ts';
import type { AmqpQueueLookup } from '../publish/amqp-queue-lookup.ts';
import {
  declareDelivery,
  declareLevelExchange,
  declareLevelQueue,
  isMarkedDurable,
  levelExchange,
  levelHeaders,
  levelQueue,
  lockQueue,
  markDurable,
  restoreDelayTopology,
} from './amqp-delay-topology.ts';
import { delayLevels } from './delay-levels.ts';
import { DelayTopologyState, untilDurable } from './delay-topology-state.ts';
import { deleteIfLeaderless } from './leaderless-queue.ts';

export interface AmqpDelaysOptions {
  /** Each service has a ladder of its own. */
  readonly service: string;
  readonly queueType: QueueType;
  /** How long a message may wait for what is being declared. */
  readonly timeoutMs: number;
  /** How many messages may be under way. */
  readonly maxWaiting: number;
  /** The same in bytes of bodies. */
  readonly maxWaitingBytes: number;
  readonly deadLetterQueues: AmqpDeadLetterQueues;
  readonly declarations: PermittedDeclarations;
  readonly logger: Logger;
}

/** Delays messages in the broker, on a ladder of queues of which it declares what a message needs. */
export class AmqpDelays {
  readonly #connection: AmqpConnection;
  readonly #outbound: AmqpOutbound;
  readonly #lookup: AmqpQueueLookup;
  readonly #options: AmqpDelaysOptions;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;
  #declared: DelayTopologyState | undefined;
  /** Levels that were declared ahead, on any connection. */
  readonly #prepared = new Set<number>();
  #problem: string | undefined;
  readonly #looking = new Map<string, Promise<void>>();

  constructor(connection: AmqpConnection, outbound: AmqpOutbound, lookup: AmqpQueueLookup, options: AmqpDelaysOptions) {
    this.#connection = connection;
    this.#outbound = outbound;
    this.#lookup = lookup;
    this.#options = options;
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
        await this.#inTurn(to, [level]);
        this.#prepared.add(level);
      } catch (error) {
        const reason = errorMessage(error);
        return this.#options.logger.debug({ queue: to.queue, reason }, 'delay levels were not declared ahead');
      }
    }
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

  /** Returns the reason why messages cannot be delayed; undefined while they can, or if none was delayed. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Logs a reason once, however many messages are refused for it. */
  #note(reason: string): void {
    if (reason !== this.#problem) this.#options.logger.error({ reason }, 'messages cannot be delayed');
    this.#problem = reason;
  }

  /** Restores deleted exchanges and bindings that this process had declared. Never rejects. */
  async restore(): Promise<void> {
    const declared = this.#declared;
    if (declared === undefined || declared.exchanges.size === 0) return;
    const { declarations, service, timeoutMs } = this.#options;
    const ending = new AbortController();
    const restored = declarations.declare(
      declared.model,
      subject,
      (declarer) => restoreDelayTopology(declarer, service, declared.exchanges, declared.levels),
      ending.signal,
    );
    try {
      await completesWithin(timeoutMs, restored);
    } catch (error) {
      // A queue is missing. The next message on its level declares the queue, and waits until it is on disk.
      if (isAbsent(error) && this.#declared === declared) this.forget();
    } finally {
      ending.abort();
    }
  }

  /** Forgets what was declared, because a part may be missing: the next message declares what it needs. */
  forget(): void {
    this.#declared = undefined;
  }

  async #publish(to: QueueSpec, message: TransportMessage, levels: readonly number[]): Promise<void> {
    const exchange = levelExchange(this.#options.service, levels[0] as number);
    for (const isLastAttempt of [false, true]) {
      const declared = await this.#inTurn(to, levels);
      // A message on a level is safe: everything below it exists also after RabbitMQ was killed.
      await declared.durable(to, levels);
      if (this.#connection.model !== declared.model) throw unavailable(connectionEnded);
      const { routed } = await this.#outbound.publish({ to: { exchange, routingKey: to.queue }, message });
      if (routed) return;
      if (isLastAttempt) throw unavailable(`'${exchange}' leads to none`);
      // Another program has deleted a level.
      this.forget();
    }
  }

  /**
   * Waits, then marks the level for all processes, because a process deletes an unmarked level that does not answer.
   */
  async #untilDurable({ model }: DelayTopologyState, level: number): Promise<void> {
    await untilDurable(model);
    const isMarked =
      this.#connection.model === model &&
      (await completesWithin(this.#options.timeoutMs, markDurable(model, this.#options.service, level)).catch(
        () => false,
      ));
    if (isMarked) return;
    this.forget();
    // A broker that accepts no publishes because of an alarm does not answer either.
    assertUsable(this.#connection);
    throw unavailable(
      this.#connection.model === model
        ? 'the broker did not confirm in time that the queue is on disk'
        : connectionEnded,
    );
  }

  /**
   * Resolves once all is there that a message needs. Always waits for its turn, also when nothing is to be declared:
   * messages must not overtake each other here.
   */
  #inTurn(to: QueueSpec, levels: readonly number[]): Promise<DelayTopologyState> {
    const givenMs = performance.now();
    const turn = this.#turn.then(() => this.#inTime(givenMs, to, levels));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** The time that a message waits for its turn counts. */
  async #inTime(givenMs: number, to: QueueSpec, levels: readonly number[]): Promise<DelayTopologyState> {
    assertUsable(this.#connection);
    const model = this.#connection.model as ChannelModel;
    if (this.#declared?.model !== model) this.#declared = new DelayTopologyState(model);
    const declared = this.#declared;
    if (declared.has(to, levels)) return declared;
    const remainingMs = givenMs + this.#options.timeoutMs - performance.now();
    try {
      if (remainingMs > 0 && (await this.#declareWithin(remainingMs, declared, to, levels))) {
        this.#problem = undefined;
        return declared;
      }
    } catch (error) {
      if (this.#connection.model === model) this.#note(errorMessage(error));
      throw error;
    }
    // A broker that accepts no publishes because of an alarm does not answer either.
    assertUsable(this.#connection);
    const isLate = this.#connection.model === model;
    throw unavailable('the broker did not declare it in time', { isLate });
  }

  async #declareWithin(
    deadlineMs: number,
    declared: DelayTopologyState,
    to: QueueSpec,
    levels: readonly number[],
  ): Promise<boolean> {
    const ending = new AbortController();
    const declaring = (declarer: Declarer, isChecked: boolean) =>
      this.#declare(declarer, isChecked, declared, to, levels);
    try {
      return await completesWithin(
        deadlineMs,
        this.#options.declarations.declare(declared.model, subject, declaring, ending.signal),
      );
    } catch (error) {
      throw isLittoralError(error) ? error : unavailable(reasonOf(error, declared.model), { cause: error });
    } finally {
      // A declaration without an answer in time ends here as well.
      ending.abort();
    }
  }

  // From the end upwards: a message must find a way down from wherever it can get to.
  async #declare(
    channel: Declarer,
    isChecked: boolean,
    declared: DelayTopologyState,
    to: QueueSpec,
    levels: readonly number[],
  ): Promise<void> {
    const { exchanges } = declared;
    const { service, queueType } = this.#options;
    if (!declared.hasDelivery(to)) {
      const isNew = !(await this.#lookup.hasQueue(to.queue));
      await this.#options.deadLetterQueues.ensure(declared.model, to.deadLetterQueue);
      await declareDelivery(channel, service, to, queueType);
      declared.addDelivery(to, isNew ? untilDurable(declared.model) : Promise.resolve());
    }
    for (let level = 0; level <= (levels[0] as number); level++) {
      if (!exchanges.has(level)) await declareLevelExchange(channel, service, level);
      exchanges.add(level);
    }
    for (const level of levels) {
      if (declared.hasLevel(level)) continue;
      if (isChecked) {
        // Declared by another user, and not just now.
        await declareLevelQueue(channel, service, level);
        declared.addLevel(level, Promise.resolve());
        continue;
      }
      // Another process may have declared it a moment ago, so that it is there says nothing of its age.
      const isDurable =
        (await this.#lookup.hasQueue(levelQueue(service, level))) && (await this.#isDurable(declared, level));
      await declareLevelQueue(channel, service, level);
      declared.addLevel(level, isDurable ? Promise.resolve() : this.#untilDurable(declared, level));
    }
  }

  /**
   * Returns whether RabbitMQ is known to remember the queue of a level, which is there. If it has forgotten it, it is
   * not any more.
   */
  async #isDurable(declared: DelayTopologyState, level: number): Promise<boolean> {
    const { service, logger } = this.#options;
    if (await isMarkedDurable(declared.model, service, level)) return true;
    const queue = levelQueue(service, level);
    const look = async () => {
      if (!(await deleteIfLeaderless(declared.model, queue, lockQueue(service)))) return;
      logger.warn(
        { queue },
        'queue has no leader, because RabbitMQ was killed soon after it was declared; declaring it again',
      );
    };
    // Goes on when the message that needs it cannot wait so long: a later one finds it done.
    const looking = this.#looking.get(queue) ?? look().finally(() => this.#looking.delete(queue));
    this.#looking.set(queue, looking);
    await looking;
    return false;
  }
}

/** Names a ladder in the log. */
const subject = 'delays';

const connectionEnded = 'the connection ended before it was known to be safe';

function unavailable(reason: string, details: Pick<ErrorDetails, 'cause' | 'isLate'> = {}): LittoralError {
  return new LittoralError(
    'broker-unavailable',
    `Nothing was sent: there is no queue to delay it in: ${reason}.`,
    details,
  );
}
