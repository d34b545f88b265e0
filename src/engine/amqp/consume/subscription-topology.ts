import type { ChannelModel } from 'amqplib';
import type { Logger } from '../../../logger.ts';
import { completesWithin } from '../../../time/timeout.ts';
import type { Subscription } from '../../delivery.ts';
import type { AmqpBusExchange } from '../amqp-bus-exchange.ts';
import type { AmqpDeadLetterQueues } from '../amqp-dead-letter-queues.ts';
import { declareSubscription, type QueueType } from '../amqp-topology.ts';
import { reasonOf } from '../connection/connection-end.ts';
import { isQueueAbsent } from '../count-messages.ts';
import type { PermittedDeclarations } from '../permitted-declarations.ts';

export interface SubscriptionTopologyOptions {
  readonly subscription: Subscription;
  readonly queueType: QueueType;
  readonly logger: Logger;
  readonly deadLetterQueues: AmqpDeadLetterQueues;
  readonly bus: AmqpBusExchange;
  readonly declarations: PermittedDeclarations;
  /** A callback after each declaration of the queue, before it is consumed. */
  readonly onDeclared: (model: ChannelModel) => Promise<void>;
}

/**
 * Time limit for an answer of the broker. A queue whose leader is gone does not answer, while its connection stays
 * open.
 */
export const answerTimeoutMs = 30_000;

/** Time that a check waits for an answer about the dead letter queue. */
const deadLetterQueueMs = 3_000;

/** The queue of a subscription, its bindings and its dead letter queue, which are declared, and restored if missing. */
export class SubscriptionTopology {
  readonly #options: SubscriptionTopologyOptions;
  /** True once the retired keys are unbound. */
  #hasUnbound = false;
  #problem: string | undefined;

  constructor(options: SubscriptionTopologyOptions) {
    this.#options = options;
  }

  /** Returns the problem with the queue or its bindings that the last check could not restore. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Declares the topology.
   *
   * @throws LittoralError `topology-mismatch` if a part exists with other arguments; amqplib's error
   */
  async declare(model: ChannelModel): Promise<void> {
    const { deadLetterQueues, subscription } = this.#options;
    await deadLetterQueues.ensure(model, subscription.deadLetterQueue);
    await this.#declareQueue(model);
  }

  /**
   * Declares the topology again, because any program can have deleted a part, and RabbitMQ reports only a deleted queue.
   * Existing parts are unchanged. Never rejects.
   *
   * @returns the problem that could not be restored; undefined if there is none
   */
  async restore(model: ChannelModel): Promise<string | undefined> {
    try {
      const isDeclared = await completesWithin(answerTimeoutMs, this.#declareQueue(model));
      await this.#restoreDeadLetterQueue(model);
      return isDeclared ? undefined : `the broker did not answer within ${answerTimeoutMs} ms`;
    } catch (error) {
      // The exchange of the bus is checked elsewhere, because it does not belong to one queue.
      return error === this.#options.bus.mismatch ? undefined : reasonOf(error, model);
    }
  }

  /** Records the outcome of `restore`, and logs it if it has changed. */
  note(reason: string | undefined): void {
    const { logger, subscription } = this.#options;
    const { queue } = subscription;
    const problem = reason === undefined ? undefined : `the queue '${queue}' could not be verified: ${reason}`;
    if (problem !== undefined && problem !== this.#problem) {
      logger.error({ queue, reason: problem }, 'queue and bindings cannot be verified');
    } else if (problem === undefined && this.#problem !== undefined) {
      logger.info({ queue }, 'queue and bindings verified again');
    }
    this.#problem = problem;
  }

  /** Clears the problem. The caller does so when consuming ends, because attaching declares everything again. */
  clearProblem(): void {
    this.#problem = undefined;
  }

  async #declareQueue(model: ChannelModel): Promise<void> {
    const { bus, declarations, subscription, queueType, onDeclared } = this.#options;
    await bus.ensure(model);
    // Unbinds once: a version that still handles such a key may bind it again, and keeps the binding.
    const current = this.#hasUnbound ? { ...subscription, retiredKeys: [] } : subscription;
    await declarations.declare(model, `queue '${subscription.queue}'`, (declarer) =>
      declareSubscription(declarer, current, queueType),
    );
    this.#hasUnbound = true;
    await onDeclared(model);
  }

  // Checks first, because declaring an existing queue can fail several times, and the broker logs each failure.
  async #restoreDeadLetterQueue(model: ChannelModel): Promise<void> {
    const { deadLetterQueues, subscription } = this.#options;
    const { deadLetterQueue } = subscription;
    const restored = async () => {
      if (await isQueueAbsent(model, deadLetterQueue)) await deadLetterQueues.ensure(model, deadLetterQueue);
    };
    // Its node can be down, which does not affect the consumed queue.
    await completesWithin(deadLetterQueueMs, restored()).catch(() => {});
  }
}
