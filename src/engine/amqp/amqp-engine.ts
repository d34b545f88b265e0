import type { ChannelModel } from 'amqplib';
import { LittoralError } from '../../errors.ts';
import type { TlsFiles } from '../../file/tls-files.ts';
import type { Logger } from '../../logger.ts';
import type { MaybePromise } from '../../promise/maybe-promise.ts';
import { completesWithin } from '../../time/timeout.ts';
import { topicKeyMatcher } from '../broker/topic-index.ts';
import { withTopicKeys } from '../broker/topic-pattern.ts';
import type { BrowseOptions } from '../browsing.ts';
import type { Consumer, Subscription } from '../delivery.ts';
import type { Engine, EngineFeatures, EngineHealth, EngineStatus } from '../engine.ts';
import type { Address, Publication, PublishReceipt } from '../publication.ts';
import { AmqpBusExchange } from './amqp-bus-exchange.ts';
import { AmqpDeadLetterQueues } from './amqp-dead-letter-queues.ts';
import { type QueueType, queueTypeOf } from './amqp-topology.ts';
import { Browser } from './browse/browser.ts';
import { type AddressSettings, AddressSource } from './connection/address-source.ts';
import { AmqpConnection, type AmqpConnectionOptions } from './connection/amqp-connection.ts';
import { SecretRenewal } from './connection/secret-renewal.ts';
import { AmqpConsumer } from './consume/amqp-consumer.ts';
import { countReady } from './count-messages.ts';
import { rebindDelivery } from './delay/amqp-delay-topology.ts';
import { AmqpDelays } from './delay/amqp-delays.ts';
import { engineHealth } from './engine-health.ts';
import { PermittedDeclarations } from './permitted-declarations.ts';
import { AmqpOutbound } from './publish/amqp-outbound.ts';
import { AmqpQueueLookup } from './publish/amqp-queue-lookup.ts';
import { TopologyUpkeep } from './topology-upkeep.ts';

export interface AmqpEngineOptions extends AddressSettings {
  /**
   * `amqp://` or `amqps://`, with user, password and vhost. Commas separate the URLs of several nodes of one broker.
   */
  readonly url: string | readonly string[];
  /** A file that holds the URLs, and is read for each connection. Default: none. */
  readonly urlFile?: string | undefined;
  /** A file of the password, read for each connection. Default: none. */
  readonly passwordFile?: string | undefined;
  /** A file of an OAuth 2 token, which is renewed on open connections when it changes. Default: none. */
  readonly tokenFile?: string | undefined;
  /** Names the connections in the broker's lists: `littoral:<service>`. */
  readonly service: string;
  readonly logger: Logger;
  readonly queueType: QueueType;
  /** A silent broker is taken for dead after twice as long. */
  readonly heartbeatSeconds: number;
  readonly connectTimeoutMs: number;
  /** Milliseconds after which the outcome of an unconfirmed publish is unknown. */
  readonly confirmTimeoutMs: number;
  /** Maximum number of publishes that wait for their confirm; more are refused. */
  readonly maxInFlight: number;
  /** Maximum number of bytes of the bodies of these publishes. */
  readonly maxInFlightBytes: number;
  readonly maxMessageBytes: number;
  /** Milliseconds between two checks that verify and restore queues and bindings. */
  readonly topologyCheckMs: number;
  /** For `amqps://`. Default: the certificates that Node trusts, and none to show. */
  readonly tlsFiles?: TlsFiles | undefined;
}

/**
 * Time that consuming waits for the publishing connection, which the sends, retries and dead letters of a handler need.
 */
const publishingFirstMs = 5_000;

/**
 * Time for requeueing the unacknowledged deliveries, also beyond the deadline of closing. RabbitMQ requeues those of an
 * ended connection as well, but one consumer after the other, so out of order.
 */
const requeueMs = 500;

/** The features of RabbitMQ, of its classic queues as well. */
export const amqpFeatures = {
  settle: 'each',
  unroutable: 'reported',
  delays: true,
  browse: 'inPlace',
  order: 'queue',
} as const satisfies EngineFeatures;

/** The engine for RabbitMQ. */
export class AmqpEngine implements Engine {
  readonly name = 'rabbitmq';
  readonly durable = true;
  readonly features = amqpFeatures;
  readonly #service: string;
  readonly #queueType: QueueType;
  readonly #logger: Logger;
  // Two connections: one that the broker blocks must not hold up acknowledgements.
  readonly #publishing: AmqpConnection;
  readonly #consuming: AmqpConnection;
  readonly #renewal: SecretRenewal | undefined;
  readonly #outbound: AmqpOutbound;
  readonly #lookup: AmqpQueueLookup;
  readonly #delays: AmqpDelays;
  readonly #browser: Browser;
  readonly #deadLetterQueues: AmqpDeadLetterQueues;
  readonly #bus: AmqpBusExchange;
  readonly #declarations: PermittedDeclarations;
  readonly #upkeep: TopologyUpkeep;
  readonly #consumers: AmqpConsumer[] = [];
  /** The connection for consuming, from the beginning of its preparation. */
  #consumingModel: ChannelModel | undefined;
  #started = false;
  #closing: Promise<void> | undefined;

  /** @throws LittoralError `invalid-configuration` for a URL that is not one */
  constructor(options: AmqpEngineOptions) {
    const { logger, confirmTimeoutMs, maxInFlight, maxInFlightBytes, topologyCheckMs: intervalMs } = options;
    this.#logger = logger;
    this.#service = options.service;
    this.#queueType = options.queueType;
    const { url, urlFile, passwordFile, tokenFile } = options;
    const source = new AddressSource({ url, urlFile, passwordFile, tokenFile }, logger);
    const common: Omit<AmqpConnectionOptions, 'role' | 'onConnect'> = {
      addresses: () => source.current(),
      name: `littoral:${options.service}`,
      heartbeatSeconds: options.heartbeatSeconds,
      connectTimeoutMs: options.connectTimeoutMs,
      tlsFiles: options.tlsFiles,
      logger,
    };
    this.#browser = new Browser(common);
    this.#deadLetterQueues = new AmqpDeadLetterQueues({
      logger,
      isCurrent: (model) => model === this.#publishing.model || model === this.#consumingModel,
    });
    this.#declarations = new PermittedDeclarations(logger);
    this.#bus = new AmqpBusExchange({
      logger,
      declarations: this.#declarations,
      rebindingMs: 1.5 * intervalMs + 2_000,
      onRestored: () => void this.#upkeep.check(),
    });
    this.#publishing = new AmqpConnection({
      ...common,
      role: 'publishing',
      onConnect: (model) => this.#outbound.attach(model),
    });
    this.#consuming = new AmqpConnection({
      ...common,
      role: 'consuming',
      onConnect: async (model) => {
        this.#consumingModel = model;
        model.on('close', () => this.#onConsumingClosed(model));
        await completesWithin(publishingFirstMs, this.#publishing.attempted());
        await Promise.all(this.#consumers.map((consumer) => consumer.attach(model)));
      },
    });
    const connections = [this.#publishing, this.#consuming];
    this.#renewal = tokenFile === undefined ? undefined : new SecretRenewal({ tokenFile, source, connections, logger });
    this.#outbound = new AmqpOutbound(this.#publishing, {
      maxInFlight,
      maxInFlightBytes,
      confirmTimeoutMs,
      maxMessageBytes: options.maxMessageBytes,
      bus: this.#bus,
      connection: common,
      logger,
      onChannelClosed: () => this.#delays.forget(),
    });
    this.#lookup = new AmqpQueueLookup(this.#publishing, {
      rememberMs: 10_000,
      timeoutMs: confirmTimeoutMs,
      maxWaiting: maxInFlight,
    });
    this.#delays = new AmqpDelays(this.#publishing, this.#outbound, this.#lookup, {
      service: options.service,
      queueType: this.#queueType,
      timeoutMs: confirmTimeoutMs,
      maxWaiting: maxInFlight,
      maxWaitingBytes: maxInFlightBytes,
      deadLetterQueues: this.#deadLetterQueues,
      declarations: this.#declarations,
      logger,
    });
    this.#upkeep = new TopologyUpkeep({
      intervalMs,
      publishing: this.#publishing,
      bus: this.#bus,
      deadLetterQueues: this.#deadLetterQueues,
      delays: this.#delays,
      consumers: this.#consumers,
      isClosing: () => this.#closing !== undefined,
    });
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#renewal?.start();
    await Promise.all([this.#publishing.start(), this.#consumers.length > 0 ? this.#consuming.start() : undefined]);
    const mismatch = [this.#publishing, this.#consuming, ...this.#consumers].find((part) => part.mismatch)?.mismatch;
    if (mismatch) throw mismatch;
    this.#upkeep.start();
  }

  async publish(publication: Publication): Promise<PublishReceipt> {
    this.#assertOpen();
    if (publication.delayMs !== undefined) return this.#delays.publish(publication);
    if ('bus' in publication.to && this.#bus.mismatch) throw this.#bus.mismatch;
    const receipt = await this.#outbound.publish(publication);
    const { destinationQueue } = publication;
    if (destinationQueue !== undefined) {
      if (receipt.routed) this.#lookup.onRouted(destinationQueue);
      else this.#lookup.onReturned(destinationQueue);
    }
    if (receipt.routed) return receipt;
    const again = (await this.#upkeep.restore(publication.to)) ? await this.#outbound.publish(publication) : receipt;
    if (!again.routed && 'bus' in publication.to && this.#bus.isRebinding) throw unbound(this.#bus.warning);
    return again;
  }

  hasRoomFor(count: number, bytes: number): boolean {
    return this.#outbound.hasRoomFor(count, bytes);
  }

  publishesAtOnce(to: Address, bytes: number): boolean {
    return this.#outbound.publishesAtOnce(to, bytes);
  }

  roomMade(): Promise<void> {
    return this.#outbound.roomMade();
  }

  hasQueue(queue: string): MaybePromise<boolean> {
    this.#assertOpen();
    return this.#lookup.hasQueue(queue);
  }

  keyMatcher(bindingKeys: readonly string[]): (routingKey: string) => boolean {
    return topicKeyMatcher(bindingKeys);
  }

  subscribe(given: Subscription): Consumer {
    const subscription = withTopicKeys(given);
    const consumer = new AmqpConsumer({
      subscription,
      queueType: queueTypeOf(subscription, this.#queueType),
      logger: this.#logger,
      currentModel: () => this.#consumingModel,
      publish: (publication) => this.#outbound.publish(publication),
      deadLetterQueues: this.#deadLetterQueues,
      bus: this.#bus,
      declarations: this.#declarations,
      onDeclared: async (model) => {
        this.#lookup.onDeclared(subscription.queue);
        await rebindDelivery(model, this.#declarations, this.#service, subscription.queue);
        void this.#upkeep.prepareDelays();
      },
    });
    const first = this.#consumers.length === 0;
    this.#consumers.push(consumer);
    if (subscription.delaysMs) this.#upkeep.add(subscription, subscription.delaysMs);
    if (this.#started && first) void this.#consuming.start();
    else if (this.#consumingModel) void consumer.attach(this.#consumingModel);
    return consumer;
  }

  async browse(queue: string, browsing: BrowseOptions): Promise<void> {
    this.#assertOpen();
    if (!this.#started) throw new LittoralError('broker-unavailable', 'The channel has not been started.');
    await this.#browser.browse(queue, browsing);
  }

  health(): EngineHealth {
    if (this.#closing) return { ready: false, reason: 'closing' };
    return engineHealth({
      publishing: this.#publishing,
      outbound: this.#outbound,
      bus: this.#bus,
      deadLetterQueues: this.#deadLetterQueues,
      declarations: this.#declarations,
      delays: this.#delays,
    });
  }

  status(): EngineStatus {
    const connections = [this.#publishing, ...(this.#consumers.length > 0 ? [this.#consuming] : [])];
    return { ...this.#outbound.inFlight, connections: connections.map((connection) => connection.status()) };
  }

  async countWaiting(queue: string): Promise<number | undefined> {
    const model = this.#closing ? undefined : (this.#publishing.model ?? this.#consuming.model);
    return model && countReady(model, queue);
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#closeWithin(deadlineMs);
    return this.#closing;
  }

  async #closeWithin(deadlineMs: number): Promise<void> {
    this.#upkeep.close();
    this.#renewal?.close();
    const deadline = performance.now() + deadlineMs;
    const remainingMs = () => Math.max(0, deadline - performance.now());
    await completesWithin(remainingMs(), Promise.all(this.#consumers.map((consumer) => this.#finish(consumer))));
    this.#deadLetterQueues.close();
    await this.#browser.close(remainingMs());
    await this.#outbound.flush(remainingMs());
    this.#outbound.close();
    const closing = Promise.all(this.#consumers.map((consumer) => consumer.close()));
    await completesWithin(Math.max(requeueMs, remainingMs()), closing);
    await Promise.all([this.#consuming.close(remainingMs()), this.#publishing.close(remainingMs())]);
  }

  async #finish(consumer: AmqpConsumer): Promise<void> {
    await consumer.stop();
    await consumer.settled();
  }

  #assertOpen(): void {
    if (this.#closing) throw new LittoralError('draining', 'Nothing was sent: this gateway is shutting down.');
  }

  #onConsumingClosed(model: ChannelModel): void {
    if (this.#consumingModel !== model) return;
    this.#consumingModel = undefined;
    for (const consumer of this.#consumers) consumer.onDisconnect('the connection to the broker was lost');
  }
}

function unbound(reason: string | undefined): LittoralError {
  return new LittoralError(
    'not-bound',
    `Nothing was stored, because no queue took the message: ${reason}. Send it again.`,
  );
}
