import type { ChannelModel } from 'amqplib';
import { type ErrorDetails, errorMessage, isLittoralError, type LittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { completesWithin } from '../../../time/timeout.ts';
import type { QueueSpec } from '../../publication.ts';
import type { AmqpDeadLetterQueues } from '../amqp-dead-letter-queues.ts';
import type { QueueType } from '../amqp-topology.ts';
import { isAbsent } from '../broker-replies.ts';
import type { AmqpConnection } from '../connection/amqp-connection.ts';
import { assertUsable } from '../connection/assert-usable.ts';
import { reasonOf } from '../connection/connection-end.ts';
import { notSent } from '../not-sent.ts';
import type { Declarer, PermittedDeclarations } from '../permitted-declarations.ts';
import type { AmqpQueueLookup } from '../publish/amqp-queue-lookup.ts';
import {
  declareDelivery,
  declareLevelExchange,
  declareLevelQueue,
  isMarkedDurable,
  levelQueue,
  lockQueue,
  markDurable,
  restoreDelayTopology,
} from './amqp-delay-topology.ts';
import { DelayTopologyState, untilDurable } from './delay-topology-state.ts';
import { deleteIfLeaderless } from './leaderless-queue.ts';

export interface DelayDeclarationsOptions {
  /** Each service has delay levels of its own. */
  readonly service: string;
  readonly queueType: QueueType;
  /** Milliseconds that a message may wait for the declarations that it needs. */
  readonly timeoutMs: number;
  readonly deadLetterQueues: AmqpDeadLetterQueues;
  readonly declarations: PermittedDeclarations;
  readonly logger: Logger;
}

/** Declares the levels that messages need, once on each connection, and restores them. */
export class DelayDeclarations {
  readonly #connection: AmqpConnection;
  readonly #lookup: AmqpQueueLookup;
  readonly #options: DelayDeclarationsOptions;
  #turn: Promise<unknown> = Promise.resolve();
  #declared: DelayTopologyState | undefined;
  #problem: string | undefined;
  readonly #looking = new Map<string, Promise<void>>();

  constructor(connection: AmqpConnection, lookup: AmqpQueueLookup, options: DelayDeclarationsOptions) {
    this.#connection = connection;
    this.#lookup = lookup;
    this.#options = options;
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
    throw cannotDelay(
      this.#connection.model === model
        ? 'the broker did not confirm in time that the queue is on disk'
        : connectionEnded,
    );
  }

  /**
   * Resolves once all is there that a message needs. Always waits for its turn, also when nothing is to be declared:
   * messages must not overtake each other here.
   */
  declareInTurn(to: QueueSpec, levels: readonly number[]): Promise<DelayTopologyState> {
    const givenMs = performance.now();
    const turn = this.#turn.then(() => this.#inTime(givenMs, to, levels));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** The time that a message waits for its turn counts towards the limit. */
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
    throw cannotDelay('the broker did not declare it in time', { isLate });
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
      throw isLittoralError(error) ? error : cannotDelay(reasonOf(error, declared.model), { cause: error });
    } finally {
      // A declaration without an answer in time ends here as well.
      ending.abort();
    }
  }

  // From the lowest level upwards, because a message on any level must find a way down.
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
      // Another process may have declared it a moment ago, so its existence does not show its age.
      const isDurable =
        (await this.#lookup.hasQueue(levelQueue(service, level))) && (await this.#isDurable(declared, level));
      await declareLevelQueue(channel, service, level);
      declared.addLevel(level, isDurable ? Promise.resolve() : this.#untilDurable(declared, level));
    }
  }

  /**
   * Returns whether the queue of a level, which exists, is marked as on disk. Deletes an unmarked queue that has no
   * leader.
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
    // Continues even if the message that needs it cannot wait so long: a later message finds it done.
    const looking = this.#looking.get(queue) ?? look().finally(() => this.#looking.delete(queue));
    this.#looking.set(queue, looking);
    await looking;
    return false;
  }
}

/** The subject of these declarations in the log. */
const subject = 'delays';

/** The reason for a message that was not sent because the connection ended while its queues were declared. */
export const connectionEnded = 'the connection ended before the queue was known to be safe';

/** Returns the error for a message that cannot be delayed. */
export function cannotDelay(reason: string, details: Pick<ErrorDetails, 'cause' | 'isLate'> = {}): LittoralError {
  return notSent(`there is no queue to delay the message in: ${reason}`, details);
}
