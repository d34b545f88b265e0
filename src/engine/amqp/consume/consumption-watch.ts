import type { ChannelModel } from 'amqplib';
import { completesWithin } from '../../../time/timeout.ts';
import { brokerSeries } from '../broker-replies.ts';
import { reasonOf } from '../connection/connection-end.ts';
import { inspectQueue, type QueueCounts } from '../count-messages.ts';
import type { ConsumerState } from './consumer-state.ts';
import type { InboundChannel } from './inbound-channel.ts';
import { answerTimeoutMs } from './subscription-topology.ts';

export interface ConsumptionWatchOptions {
  readonly queue: string;
  /** Whether only one consumer of the queue receives. */
  readonly ordered: boolean;
  readonly state: ConsumerState;
}

/**
 * The result of one check of a consumed queue:
 * - `lost`: this process does not consume the queue that exists now, and has to attach again
 * - `doubtful`: the broker does not say. That passes by itself, as when most nodes of the queue are down
 * - `unproven`: nothing shows whether this process still consumes the queue. It holds no delivery
 * - `sound`
 */
export type Consumption =
  | { readonly is: 'lost' | 'doubtful'; readonly reason: string }
  | { readonly is: 'unproven' | 'sound' };

/** Number of checks in a row with the same doubt after which the consumer counts as lost. */
const patience = 2;

/**
 * Checks at intervals whether this process still consumes a queue. RabbitMQ 4 cancels the consumers of a deleted queue.
 * RabbitMQ 3 cancels them only if the queue is still absent when their channel notices the deletion. Otherwise it
 * consumes the new queue in their place, and then drops all deliveries to that channel: the queue has its consumers, as
 * many messages as their prefetch seem to be unacknowledged, and no error is ever reported.
 */
export class ConsumptionWatch {
  readonly #options: ConsumptionWatchOptions;
  /** The channel of the last check, and the number of its deliveries then. */
  #last: { readonly inbound: InboundChannel; readonly received: number } | undefined;
  #doubts = 0;

  constructor(options: ConsumptionWatchOptions) {
    this.#options = options;
  }

  /** Checks the queue. Never rejects. */
  async look(model: ChannelModel, inbound: InboundChannel): Promise<Consumption> {
    const { epoch } = this.#options.state;
    const { answered } = inbound;
    let found: QueueCounts | undefined;
    const looked = answered.then(async () => {
      found = await inspectQueue(model, this.#options.queue);
    });
    try {
      if (!(await completesWithin(answerTimeoutMs, looked))) {
        return { is: 'doubtful', reason: `the broker did not answer within ${answerTimeoutMs} ms` };
      }
    } catch (error) {
      return { is: 'doubtful', reason: reasonOf(error, model) };
    }
    // Without a consumer there is nothing to end before it is declared again.
    if (found === undefined && inbound.consumerCount > 0) return { is: 'lost', reason: 'the queue was deleted' };
    const receivedBefore = this.#last?.inbound === inbound ? this.#last.received : 0;
    const hasReceived = inbound.received !== receivedBefore;
    this.#last = { inbound, received: inbound.received };
    // In a pause or a suspension, and while the limit changes, there need not be a consumer.
    const isSteady = this.#options.state.epoch === epoch && inbound.answered === answered;
    if (found === undefined || !isSteady || inbound.consumerCount === 0) return this.#trust('sound');
    return this.#judge(model, inbound, found, hasReceived);
  }

  #judge(model: ChannelModel, inbound: InboundChannel, found: QueueCounts, hasReceived: boolean): Consumption {
    const { consumerCount, messageCount } = found;
    const others = consumerCount - inbound.consumerCount;
    if (consumerCount + messageCount === 0) {
      return { is: 'doubtful', reason: 'it does not answer: most of its nodes may be down' };
    }
    if (others < 0) return this.#doubt('RabbitMQ does not list each consumer of this process');
    if (hasReceived) return this.#trust('sound');
    // Only one consumer of an ordered queue receives, and RabbitMQ 4.0 lists no other.
    if (messageCount > 0 && inbound.hasRoom && !this.#options.ordered) {
      return this.#doubt(`RabbitMQ delivers none of its ${messageCount} messages`);
    }
    return this.#trust(brokerSeries(model) === 3 && inbound.unacknowledged === 0 ? 'unproven' : 'sound');
  }

  #trust(is: 'unproven' | 'sound'): Consumption {
    this.#doubts = 0;
    return { is };
  }

  // A message can arrive just before a check, so that its delivery follows.
  #doubt(reason: string): Consumption {
    this.#doubts += 1;
    if (this.#doubts < patience) return { is: 'sound' };
    this.#doubts = 0;
    return { is: 'lost', reason };
  }
}
