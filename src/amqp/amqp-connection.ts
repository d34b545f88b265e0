import { type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib';
import { LittoralError, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { socketOf } from './amqp-socket.ts';
import type { AmqpAddress } from './amqp-url.ts';

export interface AmqpConnectionOptions {
  readonly address: AmqpAddress;
  /** Shown in the broker's list of connections. */
  readonly name: string;
  /** `publishing` or `consuming`: a client property, and a field of the log. */
  readonly role: string;
  /** A broker that is silent for twice as long is taken for dead. */
  readonly heartbeatSeconds: number;
  readonly connectTimeoutMs: number;
  /** Certificates to trust for `amqps://`, beside those that Node trusts. PEM. */
  readonly ca?: string | undefined;
  readonly logger: Logger;
  /** Prepares every new connection. When it fails, the connection is closed and tried again later. */
  readonly onConnect: (model: ChannelModel) => Promise<void>;
}

// What one turn of the event loop publishes goes out in one write; Node's 16 KB would cut it into many.
const wholeTurns = { highWaterMark: 1024 * 1024 };

const recovery = { initialDelay: 50, maxDelay: 10_000, factor: 2, jitter: 0.3 };

/** A connection that is made again for ever, with growing and random pauses. */
export class AmqpConnection {
  readonly #options: AmqpConnectionOptions;
  #recovering: RecoveringChannelModel | undefined;
  #model: ChannelModel | undefined;
  #blocked: string | undefined;
  #failure: string | undefined = 'not started';
  #closed = false;

  constructor(options: AmqpConnectionOptions) {
    this.#options = options;
  }

  /** The live connection, prepared; undefined while there is none. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Why there is no connection; undefined while there is one. */
  get failure(): string | undefined {
    return this.#model ? undefined : this.#failure;
  }

  /** Why the broker takes no messages from this connection; undefined while it does. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  /** Begins to connect. Resolves when the first attempt has ended, whichever way. */
  async start(): Promise<void> {
    const { address, name, role, heartbeatSeconds, connectTimeoutMs, ca } = this.#options;
    const recovering = await connect(
      { ...address.connect, heartbeat: heartbeatSeconds },
      {
        // Without it every small write waits for the acknowledgement of the one before.
        noDelay: true,
        ...wholeTurns,
        timeout: connectTimeoutMs,
        clientProperties: { connection_name: name, role },
        ...(ca === undefined ? {} : { ca }),
        recovery: { ...recovery, waitForConnect: false, setup: (model: ChannelModel) => this.#prepare(model) },
      },
    );
    this.#recovering = recovering;
    recovering.on('error', () => {}); // Told by 'disconnect' as well.
    recovering.on('disconnect', (error) => this.#onDisconnect(error));
    recovering.on('handler-error', (error: Error) =>
      this.#options.logger.error({ err: error, role }, 'listener failed'),
    );
    await new Promise<void>((resolve) => {
      recovering.once('connect', resolve);
      recovering.once('connect-failed', () => resolve());
      recovering.on('connect', (model) => this.#onConnect(model));
      recovering.on('connect-failed', (error) => this.#onConnectFailed(error));
    });
  }

  /** Closes the connection, at the deadline without waiting for the broker. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    this.#failure = 'closed';
    const model = this.#model;
    this.#model = undefined;
    if (!this.#recovering) return;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.#recovering.close().catch(() => {}), deadline]);
    clearTimeout(timer);
    if (model) socketOf(model)?.destroy();
  }

  async #prepare(model: ChannelModel): Promise<void> {
    this.#blocked = undefined;
    model.on('error', () => {}); // Every error ends in 'close', or in the failure of what follows here.
    model.on('blocked', (reason) => {
      this.#blocked = reason;
      this.#options.logger.warn({ role: this.#options.role, reason }, 'the broker blocks this connection');
    });
    model.on('unblocked', () => {
      this.#blocked = undefined;
      this.#options.logger.info({ role: this.#options.role }, 'the broker takes messages again');
    });
    let ended = false;
    model.once('close', () => {
      ended = true;
    });
    await this.#options.onConnect(model);
    // amqplib listens from here on only: a connection that has ended meanwhile would count as a good one for ever.
    if (ended) throw new Error('the connection ended while it was being prepared');
  }

  #onConnect(model: ChannelModel): void {
    if (this.#closed) return;
    this.#model = model;
    const { logger, role, address } = this.#options;
    logger.info({ role, broker: address.display }, 'connected to the broker');
  }

  #onConnectFailed(error: Error): void {
    const { logger, role, address } = this.#options;
    const reason = `cannot connect to ${address.display}: ${messageOf(error)}`;
    // The same failure again and again is one event.
    if (reason !== this.#failure) logger.warn({ role, reason }, 'the broker cannot be reached; trying again');
    this.#failure = reason;
  }

  #onDisconnect(error: Error): void {
    this.#model = undefined;
    this.#blocked = undefined;
    const { logger, role, address } = this.#options;
    this.#failure = `lost the connection to ${address.display}: ${messageOf(error)}`;
    logger.warn({ role, reason: this.#failure }, 'the connection to the broker was lost; connecting again');
  }
}

/** @throws LittoralError `broker-unavailable`, `broker-blocked` while nothing may be sent */
export function assertUsable(connection: AmqpConnection, messageId?: string): void {
  const details = messageId === undefined ? {} : { messageId };
  if (connection.failure) {
    throw new LittoralError('broker-unavailable', `Nothing was sent: ${connection.failure}.`, details);
  }
  if (connection.blocked !== undefined) {
    throw new LittoralError('broker-blocked', `Nothing was sent: the broker says ${connection.blocked}.`, details);
  }
}
