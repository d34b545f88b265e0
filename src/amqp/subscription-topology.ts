import type { ChannelModel } from 'amqplib';
import type { Subscription } from '../channel/message-channel.ts';
import type { Logger } from '../logger.ts';
import { within } from '../within.ts';
import type { AmqpBusExchange } from './amqp-bus-exchange.ts';
import type { AmqpDeadLetterQueues } from './amqp-dead-letter-queues.ts';
import { declareSubscription, type QueueType } from './amqp-topology.ts';
import { reasonOf } from './connection-end.ts';
import { isQueueAbsent } from './count-messages.ts';

export interface SubscriptionTopologyOptions {
  readonly subscription: Subscription;
  readonly queueType: QueueType;
  readonly logger: Logger;
  readonly deadLetterQueues: AmqpDeadLetterQueues;
  readonly bus: AmqpBusExchange;
  /** Called when the queue has been declared, each time, before it is consumed. */
  readonly onDeclared: (model: ChannelModel) => Promise<void>;
}

/** How long the broker may take to answer. A queue whose leader is gone answers nothing, while its connection lives on. */
export const answerTimeoutMs = 30_000;

/** How long a check waits for an answer about the dead letter queue. */
const deadLetterQueueMs = 3_000;

/** Declares the queue of a subscription, its bindings and its dead letter queue, and restores them where they are missing. */
export class SubscriptionTopology {
  readonly #options: SubscriptionTopologyOptions;
  /** Whether the retired keys were unbound. */
  #hasUnbound = false;
  #problem: string | undefined;

  constructor(options: SubscriptionTopologyOptions) {
    this.#options = options;
  }

  /** What the last check found wrong with the queue or its bindings, and could not restore. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** @throws LittoralError `topology-mismatch` when one of them exists with other arguments; what amqplib throws */
  async declare(model: ChannelModel): Promise<void> {
    const { deadLetterQueues, subscription } = this.#options;
    await deadLetterQueues.ensure(model, subscription.deadLetterQueue);
    await this.#declareQueue(model);
  }

  /**
   * Declares all of it again, because any program can have deleted a part, and RabbitMQ reports only the end of the queue.
   * What is still there stays as it is. Never rejects.
   *
   * @param seemsConsumed asks the broker whether the queue has the consumers that it should have
   * @returns what is wrong and could not be restored
   */
  async restore(model: ChannelModel, seemsConsumed: () => Promise<boolean>): Promise<string | undefined> {
    try {
      let problem: string | undefined;
      if (!(await within(answerTimeoutMs, this.#declareQueue(model)))) {
        problem = `the broker did not answer within ${answerTimeoutMs} ms`;
      } else if (!(await seemsConsumed())) {
        problem = 'it does not answer: most of its nodes may be down';
      }
      await this.#restoreDeadLetterQueue(model);
      return problem;
    } catch (error) {
      // The exchange of the bus is no concern of this queue alone.
      return error === this.#options.bus.mismatch ? undefined : reasonOf(error, model);
    }
  }

  /** Notes the outcome of `restore`, and logs it. The same problem at every check is one event. */
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

  /** To be called when consuming ends: attaching again declares everything. */
  clearProblem(): void {
    this.#problem = undefined;
  }

  async #declareQueue(model: ChannelModel): Promise<void> {
    const { bus, subscription, queueType, onDeclared } = this.#options;
    await bus.ensure(model);
    // Once: a version that still handles such a key may bind it again, and keeps it then.
    const current = this.#hasUnbound ? { ...subscription, retiredKeys: [] } : subscription;
    await declareSubscription(model, current, queueType);
    this.#hasUnbound = true;
    await onDeclared(model);
  }

  // Looks first: declaring one that exists can fail several times, and the broker logs each failure.
  async #restoreDeadLetterQueue(model: ChannelModel): Promise<void> {
    const { deadLetterQueues, subscription } = this.#options;
    const { deadLetterQueue } = subscription;
    const restored = async () => {
      if (await isQueueAbsent(model, deadLetterQueue)) await deadLetterQueues.ensure(model, deadLetterQueue);
    };
    // Its node can be down, which is no problem of the queue that is consumed.
    await within(deadLetterQueueMs, restored()).catch(() => {});
  }
}
