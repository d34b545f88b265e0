import type {
  ChannelHealth,
  Consumer,
  MessageChannel,
  Publication,
  PublishReceipt,
  Subscription,
} from '../channel/message-channel.ts';
import { LittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { AmqpConnection, type AmqpConnectionOptions } from './amqp-connection.ts';
import { AmqpConsumer } from './amqp-consumer.ts';
import { AmqpOutbound } from './amqp-outbound.ts';
import { AmqpQueueLookup } from './amqp-queue-lookup.ts';
import type { QueueType } from './amqp-topology.ts';
import { parseAmqpUrl } from './amqp-url.ts';

export interface AmqpChannelOptions {
  /** `amqp://` or `amqps://`, with user, password and vhost. */
  readonly url: string;
  /** Names the connections in the broker's lists: `littoral:<service>`. */
  readonly service: string;
  readonly logger: Logger;
  /** Default: `quorum`. */
  readonly queueType?: QueueType | undefined;
  /** A silent broker is taken for dead after twice as long. Default: 5. */
  readonly heartbeatSeconds?: number | undefined;
  /** Default: 10 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** After which the outcome of a publish is unknown. Default: 10 s. */
  readonly confirmTimeoutMs?: number | undefined;
  /** How many publishes may wait for their confirm; more are refused. Default: 1000. */
  readonly maxInFlight?: number | undefined;
  /** The same in bytes of bodies. Default: 64 MiB. */
  readonly maxInFlightBytes?: number | undefined;
  /** Default: 16 MiB, as RabbitMQ 4 allows. */
  readonly maxMessageBytes?: number | undefined;
  /** Certificates to trust for `amqps://`. PEM. Default: those that Node trusts. */
  readonly ca?: string | undefined;
}

/** The message channel over RabbitMQ. */
export class AmqpChannel implements MessageChannel {
  readonly name = 'rabbitmq';
  readonly durable = true;
  readonly #queueType: QueueType;
  readonly #logger: Logger;
  // Two connections: one that the broker blocks must not hold up acknowledgements.
  readonly #publishing: AmqpConnection;
  readonly #consuming: AmqpConnection;
  readonly #outbound: AmqpOutbound;
  readonly #lookup: AmqpQueueLookup;
  readonly #consumers: AmqpConsumer[] = [];
  #started = false;
  #closing = false;

  /** @throws LittoralError `invalid-configuration` for a URL that is not one */
  constructor(options: AmqpChannelOptions) {
    const { logger, confirmTimeoutMs = 10_000, maxInFlight = 1000 } = options;
    this.#logger = logger;
    this.#queueType = options.queueType ?? 'quorum';
    const common: Omit<AmqpConnectionOptions, 'role' | 'onConnect'> = {
      address: parseAmqpUrl(options.url),
      name: `littoral:${options.service}`,
      heartbeatSeconds: options.heartbeatSeconds ?? 5,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      ca: options.ca,
      logger,
    };
    this.#publishing = new AmqpConnection({
      ...common,
      role: 'publishing',
      onConnect: (model) => this.#outbound.attach(model),
    });
    this.#consuming = new AmqpConnection({
      ...common,
      role: 'consuming',
      onConnect: async (model) => {
        model.on('close', () => this.#onConsumingClosed());
        await Promise.all(this.#consumers.map((consumer) => consumer.attach(model)));
      },
    });
    this.#outbound = new AmqpOutbound(this.#publishing, {
      maxInFlight,
      maxInFlightBytes: options.maxInFlightBytes ?? 64 * 1024 * 1024,
      confirmTimeoutMs,
      maxMessageBytes: options.maxMessageBytes ?? 16 * 1024 * 1024,
      logger,
    });
    this.#lookup = new AmqpQueueLookup(this.#publishing, {
      rememberMs: 10_000,
      timeoutMs: confirmTimeoutMs,
      maxWaiting: maxInFlight,
    });
  }

  async start(): Promise<void> {
    this.#started = true;
    await Promise.all([this.#publishing.start(), this.#consumers.length > 0 ? this.#consuming.start() : undefined]);
    const mismatch = this.#consumers.find((consumer) => consumer.mismatch)?.mismatch;
    if (mismatch) throw mismatch;
  }

  async publish(publication: Publication): Promise<PublishReceipt> {
    this.#assertOpen();
    return this.#outbound.publish(publication);
  }

  async hasQueue(queue: string): Promise<boolean> {
    this.#assertOpen();
    return this.#lookup.hasQueue(queue);
  }

  subscribe(subscription: Subscription): Consumer {
    const consumer = new AmqpConsumer({
      subscription,
      queueType: this.#queueType,
      logger: this.#logger,
      currentModel: () => this.#consuming.model,
      publish: (publication) => this.#outbound.publish(publication),
    });
    const first = this.#consumers.length === 0;
    this.#consumers.push(consumer);
    if (this.#started && first) void this.#consuming.start();
    else if (this.#consuming.model) void consumer.attach(this.#consuming.model);
    return consumer;
  }

  health(): ChannelHealth {
    if (this.#closing) return { ready: false, reason: 'closing' };
    const { failure, blocked } = this.#publishing;
    if (failure) return { ready: false, reason: failure };
    if (blocked !== undefined) return { ready: false, reason: `the broker blocks publishing: ${blocked}` };
    return { ready: true };
  }

  async close(deadlineMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const deadline = Date.now() + deadlineMs;
    const remainingMs = () => Math.max(0, deadline - Date.now());
    await this.#within(remainingMs(), Promise.all(this.#consumers.map((consumer) => consumer.stop())));
    await this.#outbound.flush(remainingMs());
    await Promise.all([this.#consuming.close(remainingMs()), this.#publishing.close(remainingMs())]);
  }

  #assertOpen(): void {
    if (this.#closing) throw new LittoralError('draining', 'Nothing was sent: this gateway is shutting down.');
  }

  #onConsumingClosed(): void {
    for (const consumer of this.#consumers) consumer.onDisconnect('the connection to the broker was lost');
  }

  async #within(deadlineMs: number, work: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([work, deadline]);
    clearTimeout(timer);
  }
}
