import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import { isLittoralError, type LittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { errorText } from '../../../text/error-chain.ts';
import { completesWithin } from '../../../time/timeout.ts';
import type { EngineConnection } from '../../engine.ts';
import { socketOf } from './amqp-socket.ts';
import type { AmqpAddress } from './amqp-url.ts';
import { BrokerAddresses } from './broker-addresses.ts';
import { closeConnection } from './close-connection.ts';
import { closeUnawaited } from './close-unawaited.ts';
import { connectFailure, lossReason } from './connect-failure.ts';
import { type ConnectOptions, connectArguments } from './connect-options.ts';
import { type ConnectionEnd, endOf, rememberEnd, watchEnd } from './connection-end.ts';
import { useExactFrames } from './exact-frames.ts';

export interface AmqpConnectionOptions extends Omit<ConnectOptions, 'address'> {
  /** Returns the addresses of the nodes of one broker. They are read again for each attempt. */
  readonly addresses: () => readonly AmqpAddress[];
  readonly logger: Logger;
  /** Prepares every new connection. When it fails, the connection is closed and tried again later. */
  readonly onConnect: (model: ChannelModel) => Promise<void>;
}

/** Time limit for preparing a connection. A broker without a majority answers heartbeats, but no declarations. */
const prepareTimeoutMs = 45_000;

/**
 * A connection to one of several nodes that is opened again after each end, with backoff and jitter. amqplib's own
 * recovery supports one address, and waits without a time limit for the end of a connection that failed during
 * preparation.
 */
export class AmqpConnection {
  readonly #options: AmqpConnectionOptions;
  readonly #addresses: BrokerAddresses;
  #read: readonly AmqpAddress[];
  #model: ChannelModel | undefined;
  #address: AmqpAddress | undefined;
  #blocked: string | undefined;
  /** The reason why an address cannot be used, by address. */
  readonly #failures = new Map<AmqpAddress, string>();
  #failure: string | undefined = 'not started';
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #isAttempting = false;
  #mismatch: LittoralError | undefined;
  #whenAttempted: (() => void)[] = [];

  constructor(options: AmqpConnectionOptions) {
    this.#options = options;
    this.#read = options.addresses();
    this.#addresses = new BrokerAddresses(this.#read);
  }

  /** The live connection, prepared; undefined while there is none. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Returns the address of the connection, live or being prepared; undefined while there is none. */
  get address(): AmqpAddress | undefined {
    return this.#address;
  }

  /** Returns why there is no connection; undefined while there is one. */
  get failure(): string | undefined {
    return this.#model ? undefined : this.#failure;
  }

  /** Returns why the broker accepts no messages from this connection; undefined while it accepts them. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  /** Returns the state of the connection for metrics. */
  status(): EngineConnection {
    const { role } = this.#options;
    return { role, isConnected: this.#model !== undefined, isBlocked: this.#blocked !== undefined };
  }

  /** Returns the error that another attempt cannot fix: the exchange exists in another form. */
  get mismatch(): LittoralError | undefined {
    return this.#mismatch;
  }

  /** Starts connecting. Resolves when there is a connection, or each address has been tried once. */
  async start(): Promise<void> {
    this.#running ??= this.#run();
    for (let attempt = 0; attempt < this.#addresses.count; attempt += 1) await this.attempted();
  }

  /** Resolves at once while there is a live connection, else when the next attempt has ended, whichever way. */
  async attempted(): Promise<void> {
    if (this.#model === undefined && !this.#closing.signal.aborted) {
      await new Promise<void>((resolve) => this.#whenAttempted.push(resolve));
    }
  }

  /** Closes the connection, at the deadline without waiting for the broker. */
  async close(deadlineMs: number): Promise<void> {
    this.#failure = 'closed';
    const model = this.#model;
    this.#model = undefined;
    this.#closing.abort();
    this.#endAttempt();
    if (model) {
      // A broker that blocks this connection reads nothing from it, not even `connection.close`.
      await closeConnection(model, this.#blocked === undefined ? deadlineMs : 0);
      socketOf(model)?.destroy();
    } else if (this.#isAttempting) {
      await completesWithin(deadlineMs, this.#running ?? Promise.resolve());
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const { waitMs } = this.#addresses.next();
      if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      this.#readAddresses();
      const { address } = this.#addresses.next();
      this.#isAttempting = true;
      const ended = await this.#attempt(address);
      this.#isAttempting = false;
      this.#endAttempt();
      await ended?.reason;
    }
  }

  #readAddresses(): void {
    const addresses = this.#options.addresses();
    if (addresses === this.#read) return;
    this.#read = addresses;
    this.#addresses.replace(addresses);
    this.#failures.clear();
  }

  /**
   * Sends a new secret to the broker, so that the connection outlives the earlier one. While there is no connection, it
   * waits for the next attempt, which can have read the earlier secret. Never rejects. A broker that refuses the secret
   * closes the connection, and the next one is opened with the secret that is current then.
   */
  async renewSecret(secret: string): Promise<void> {
    if (this.#running === undefined) return;
    await this.attempted();
    const model = this.#model;
    const address = this.#address;
    if (!model || !address || address.connect.password === secret) return;
    const { logger, role } = this.#options;
    const ended = new Promise<'ended'>((resolve) => model.once('close', () => resolve('ended')));
    try {
      // A broker that blocks this connection answers when it reads again. One that refuses the secret never answers.
      const outcome = await Promise.race([model.updateSecret(Buffer.from(secret), 'renewed'), ended]);
      if (outcome === 'ended') {
        logger.warn({ role }, 'the connection ended while its token was renewed; the broker may refuse the token');
      } else if (this.#model === model) {
        this.#address = { ...address, connect: { ...address.connect, password: secret } };
        logger.info({ role, broker: address.display }, 'token of the connection renewed');
      }
    } catch (error) {
      // amqplib refuses to write on a connection that is closing.
      logger.warn({ role, reason: errorText(error) }, 'token of the connection not renewed');
    }
  }

  /** Opens and prepares a connection. Returns its end; undefined if none was opened. */
  async #attempt(address: AmqpAddress): Promise<ConnectionEnd | undefined> {
    const beganMs = performance.now();
    let model: ChannelModel | undefined;
    try {
      model = await connect(...connectArguments({ ...this.#options, address }));
      this.#address = address;
      const end = watchEnd(model);
      await this.#prepare(model, end);
      this.#onConnect(model, address);
      return end;
    } catch (error) {
      this.#address = undefined;
      if (model) await closeConnection(model);
      this.#onConnectFailed(address, error);
      this.#addresses.failed(address, performance.now() - beganMs);
      return undefined;
    }
  }

  async #prepare(model: ChannelModel, end: ConnectionEnd): Promise<void> {
    const { signal } = this.#closing;
    this.#blocked = undefined;
    rememberEnd(model);
    useExactFrames(model);
    model.on('blocked', (reason) => {
      this.#blocked = reason;
      this.#options.logger.warn({ role: this.#options.role, reason }, 'the broker blocks this connection');
    });
    model.on('unblocked', () => {
      this.#blocked = undefined;
      this.#options.logger.info({ role: this.#options.role }, 'the broker takes messages again');
    });
    const prepared = async () => {
      // The end can arrive in the same bytes as the opening, before there is a model to listen to: then this throws.
      closeUnawaited(await model.createChannel());
      if (signal.aborted) throw new Error('closed meanwhile');
      await this.#options.onConnect(model);
    };
    // A broker that does not answer would keep the process alive after it was closed.
    let onAbort = () => {};
    const closed = new Promise<void>((resolve) => {
      onAbort = resolve;
      signal.addEventListener('abort', onAbort);
    });
    try {
      if (!(await completesWithin(prepareTimeoutMs, Promise.race([prepared(), end.reason, closed])))) {
        throw new Error(`the broker did not answer within ${prepareTimeoutMs} ms`);
      }
      // If preparation and the end of the connection settle together, preparation wins the race.
      if (end.hasEnded) throw new Error('the connection ended while it was being prepared');
      if (signal.aborted) throw new Error('closed meanwhile');
    } catch (error) {
      throw isLittoralError(error) ? error : (endOf(model) ?? error);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #onConnect(model: ChannelModel, address: AmqpAddress): void {
    this.#model = model;
    this.#mismatch = undefined;
    this.#failures.clear();
    this.#addresses.succeeded(address);
    model.once('close', (error?: Error) => this.#onDisconnect(address, error));
    const { logger, role } = this.#options;
    logger.info({ role, broker: address.display }, 'connected to the broker');
  }

  #onConnectFailed(address: AmqpAddress, error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const { logger, role } = this.#options;
    this.#mismatch = isLittoralError(error) && error.code === 'topology-mismatch' ? error : undefined;
    const reason = `cannot use ${address.display}: ${connectFailure(error, { ...this.#options, address })}`;
    // The same failure again and again is one event.
    if (reason !== this.#failures.get(address))
      logger.warn({ role, reason }, 'the broker cannot be used; trying again');
    this.#failures.set(address, reason);
    this.#failure = [...this.#failures.values()].join('; ');
  }

  #endAttempt(): void {
    const resolves = this.#whenAttempted;
    this.#whenAttempted = [];
    for (const resolve of resolves) resolve();
  }

  #onDisconnect(address: AmqpAddress, error: Error | undefined): void {
    this.#addresses.failed(address, 0);
    if (this.#closing.signal.aborted) return;
    this.#model = undefined;
    this.#address = undefined;
    this.#blocked = undefined;
    const { logger, role } = this.#options;
    const why = lossReason(error ?? new Error('Connection closed'), { ...this.#options, address });
    this.#failure = `lost the connection to ${address.display}: ${why}`;
    logger.warn({ role, reason: this.#failure }, 'the connection to the broker was lost; connecting again');
  }
}
