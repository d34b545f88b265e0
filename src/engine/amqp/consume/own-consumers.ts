import type { ChannelModel } from 'amqplib';
import { completesWithin } from '../../../time/timeout.ts';
import { countConsumers } from '../count-messages.ts';
import type { ConsumerState } from './consumer-state.ts';
import type { InboundChannel } from './inbound-channel.ts';
import { answerTimeoutMs } from './subscription-topology.ts';

export interface OwnConsumersOptions {
  readonly queue: string;
  readonly state: ConsumerState;
  readonly currentModel: () => ChannelModel | undefined;
  readonly inbound: () => InboundChannel | undefined;
}

/** Compares the consumers of one subscription with those that the broker lists for its queue. */
export class OwnConsumers {
  readonly #options: OwnConsumersOptions;

  constructor(options: OwnConsumersOptions) {
    this.#options = options;
  }

  /** See `Consumer.otherConsumers`. */
  async countOthers(): Promise<number | undefined> {
    const { queue, state, currentModel, inbound } = this.#options;
    // A consumer of this process can start while the broker answers, and is then counted too late here.
    for (let attempt = 1; attempt <= 3; attempt++) {
      const answered = inbound()?.answered ?? Promise.resolve();
      if (!(await completesWithin(answerTimeoutMs, answered))) return undefined;
      const model = currentModel();
      if (state.isStopped || model === undefined) return undefined;
      const count = await countConsumers(model, queue);
      if (state.isStopped || count === undefined || currentModel() !== model) return undefined;
      const now = inbound();
      if (now === undefined) return undefined;
      if (now.answered !== answered) continue;
      const own = now.consumerCount;
      // RabbitMQ reports no consumers for a quorum queue whose leader does not answer.
      if (own === 0) return state.name === 'suspended' && count > 0 ? count : undefined;
      return count < own ? undefined : count - own;
    }
    return undefined;
  }
}
