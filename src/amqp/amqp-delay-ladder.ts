import type { Channel, ChannelModel } from 'amqplib';
import type { DelayedPublication, OwnQueue, PublishReceipt } from '../channel/message-channel.ts';
import { isLittoralError, LittoralError, messageOf } from '../errors.ts';
import { withoutBrokerNotes } from '../message/broker-notes.ts';
import { within } from '../within.ts';
import { type AmqpConnection, assertUsable } from './amqp-connection.ts';
import {
  declareLadderEnd,
  declareLevelExchange,
  declareLevelQueue,
  levelExchange,
  levelHeaders,
} from './amqp-delay-topology.ts';
import type { AmqpOutbound } from './amqp-outbound.ts';
import { closeUnawaited, type QueueType } from './amqp-topology.ts';
import { delayLevels } from './delay-levels.ts';

export interface AmqpDelayLadderOptions {
  /** Each service has a ladder of its own. */
  readonly service: string;
  readonly queueType: QueueType;
  /** How long a message may wait for what is being declared. */
  readonly timeoutMs: number;
  /** How many messages may wait for that. */
  readonly maxWaiting: number;
}

/** What is known to be there, on one connection. */
class Declared {
  readonly model: ChannelModel;
  readonly exchanges = new Set<number>();
  readonly queues = new Set<number>();
  /** The names of the queues where the ladder ends. */
  readonly ends = new Set<string>();

  constructor(model: ChannelModel) {
    this.model = model;
  }

  /** A queue is declared last, after all that a message needs below it. */
  has({ queue }: OwnQueue, levels: readonly number[]): boolean {
    return this.ends.has(queue) && levels.every((level) => this.queues.has(level));
  }
}

/** Delays messages in the broker, on a ladder of queues of which it declares what a message needs. */
export class AmqpDelayLadder {
  readonly #connection: AmqpConnection;
  readonly #outbound: AmqpOutbound;
  readonly #options: AmqpDelayLadderOptions;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #declared: Declared | undefined;

  constructor(connection: AmqpConnection, outbound: AmqpOutbound, options: AmqpDelayLadderOptions) {
    this.#connection = connection;
    this.#outbound = outbound;
    this.#options = options;
  }

  /** Sends one message. See `OutboundChannel.publish`. */
  async publish({ to, message, delayMs }: DelayedPublication): Promise<PublishReceipt> {
    const levels = delayLevels(delayMs);
    const exchange = levelExchange(this.#options.service, levels[0] as number);
    // A kept `x-death` that names a level would be a cycle to RabbitMQ, which drops the message over it.
    const headers = { ...withoutBrokerNotes(message.headers), ...levelHeaders(levels) };
    const publication = { to: { exchange, routingKey: to.queue }, message: { headers, body: message.body } };
    await this.#inTurn(to, levels);
    if ((await this.#outbound.publish(publication)).routed) return { routed: true };
    // Somebody has deleted a level.
    this.forget();
    await this.#inTurn(to, levels);
    if ((await this.#outbound.publish(publication)).routed) return { routed: true };
    throw new LittoralError('broker-unavailable', `Nothing was sent: '${exchange}' leads to no queue.`);
  }

  /** To be told that something may be gone: it is declared again when it is needed next. */
  forget(): void {
    this.#declared = undefined;
  }

  /**
   * Resolves once all is there that a message needs. Always waits for its turn, also when nothing is to be declared:
   * messages must not overtake each other here.
   */
  async #inTurn(to: OwnQueue, levels: readonly number[]): Promise<void> {
    assertUsable(this.#connection);
    if (this.#waiting >= this.#options.maxWaiting) {
      throw new LittoralError('too-many-in-flight', 'Nothing was sent: too many messages wait for a delay queue.');
    }
    this.#waiting += 1;
    const givenMs = performance.now();
    const turn = this.#turn.then(() => this.#inTime(givenMs, to, levels));
    this.#turn = turn.catch(() => {});
    try {
      await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** The time that a message waits for its turn counts. */
  async #inTime(givenMs: number, to: OwnQueue, levels: readonly number[]): Promise<void> {
    assertUsable(this.#connection);
    const model = this.#connection.model as ChannelModel;
    if (this.#declared?.model !== model) this.#declared = new Declared(model);
    if (this.#declared.has(to, levels)) return;
    const remainingMs = givenMs + this.#options.timeoutMs - performance.now();
    if (remainingMs > 0 && (await this.#declareWithin(remainingMs, this.#declared, to, levels))) return;
    throw unavailable('the broker did not declare it in time');
  }

  async #declareWithin(
    deadlineMs: number,
    declared: Declared,
    to: OwnQueue,
    levels: readonly number[],
  ): Promise<boolean> {
    let channel: Channel | undefined;
    const declaring = async () => {
      channel = await declared.model.createChannel();
      channel.on('error', () => {}); // The call that failed throws it.
      await this.#declare(channel, declared, to, levels);
    };
    try {
      return await within(deadlineMs, declaring());
    } catch (error) {
      throw isLittoralError(error) ? error : unavailable(messageOf(error), error);
    } finally {
      // One that has no answer in time ends here as well.
      if (channel) closeUnawaited(channel);
    }
  }

  // From the end upwards: a message must find a way down from wherever it can get to.
  async #declare(channel: Channel, declared: Declared, to: OwnQueue, levels: readonly number[]): Promise<void> {
    const { exchanges, queues, ends } = declared;
    const { service, queueType } = this.#options;
    if (!ends.has(to.queue)) await declareLadderEnd(channel, service, to, queueType);
    ends.add(to.queue);
    for (let level = 0; level <= (levels[0] as number); level++) {
      if (!exchanges.has(level)) await declareLevelExchange(channel, service, level);
      exchanges.add(level);
    }
    for (const level of levels) {
      if (!queues.has(level)) await declareLevelQueue(channel, service, level);
      queues.add(level);
    }
  }
}

function unavailable(reason: string, cause?: unknown): LittoralError {
  return new LittoralError('broker-unavailable', `Nothing was sent: there is no queue to delay it in: ${reason}.`, {
    cause,
  });
}
