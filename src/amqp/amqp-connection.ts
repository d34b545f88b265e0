import { type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib';
import { errorFields } from '../error-chain.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { within } from '../within.ts';
import { socketOf } from './amqp-socket.ts';
import { connectFailure } from './connect-failure.ts';
import { type ConnectOptions, connectArguments } from './connect-options.ts';
import { endOf, rememberEnd } from './connection-end.ts';
import { useExactFrames } from './exact-frames.ts';

export interface AmqpConnectionOptions extends ConnectOptions {
  readonly logger: Logger;
  /** Prepares every new connection. When it fails, the connection is closed and tried again later. */
  readonly onConnect: (model: ChannelModel) => Promise<void>;
}

// No longer pauses: a message that ends the connection while it is being read is only moved by the delivery limit,
// after as many connections.
const recovery = { initialDelay: 50, maxDelay: 2_000, factor: 2, jitter: 0.3 };

/** A timer can fire a little early by another clock. */
const timerSlackMs = 10;

/** A connection that is made again for ever, with growing and random pauses. */
export class AmqpConnection {
  readonly #options: AmqpConnectionOptions;
  #recovering: RecoveringChannelModel | undefined;
  #model: ChannelModel | undefined;
  #blocked: string | undefined;
  #failure: string | undefined = 'not started';
  #closed = false;
  /** In the past while an attempt is under way. */
  #nextAttemptAtMs = 0;
  #mismatch: LittoralError | undefined;
  #endFirstAttempt: () => void = () => {};
  readonly #whenAttempted: (() => void)[] = [];

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

  /** What trying again cannot mend: the exchange exists in another form. */
  get mismatch(): LittoralError | undefined {
    return this.#mismatch;
  }

  /** Begins to connect. Resolves when the first attempt has ended, whichever way. */
  async start(): Promise<void> {
    const { role } = this.#options;
    const [address, socketOptions] = connectArguments(this.#options);
    const recovering = await connect(address, {
      ...socketOptions,
      recovery: { ...recovery, waitForConnect: false, setup: (model: ChannelModel) => this.#prepare(model) },
    });
    this.#recovering = recovering;
    recovering.on('error', () => {}); // Told by 'disconnect' as well.
    recovering.on('reconnect-scheduled', ({ delay }) => {
      this.#nextAttemptAtMs = performance.now() + delay;
    });
    recovering.on('disconnect', (error) => this.#onDisconnect(error));
    recovering.on('handler-error', (error: Error) =>
      this.#options.logger.error({ err: errorFields(error), role }, 'listener failed'),
    );
    await new Promise<void>((resolve) => {
      this.#endFirstAttempt = resolve;
      recovering.once('connect', resolve);
      recovering.once('connect-failed', () => resolve());
      recovering.on('connect', (model) => this.#onConnect(model));
      recovering.on('connect-failed', (error) => this.#onConnectFailed(error));
    });
  }

  /** Resolves at once while there is a live connection, else when the next attempt has ended, whichever way. */
  async attempted(): Promise<void> {
    if (this.#model === undefined && !this.#closed) {
      await new Promise<void>((resolve) => this.#whenAttempted.push(resolve));
    }
  }

  /** Closes the connection, at the deadline without waiting for the broker. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    this.#failure = 'closed';
    const model = this.#model;
    this.#model = undefined;
    this.#endAttempt();
    const recovering = this.#recovering;
    if (!recovering) return;
    // A first attempt that is ended here reports nothing any more.
    this.#endFirstAttempt();
    const isAttempting = model === undefined && performance.now() > this.#nextAttemptAtMs - timerSlackMs;
    // What an attempt opens after the end would have nobody to hear its errors, and they would end the process.
    const attempt = isAttempting ? attemptOf(recovering) : Promise.resolve();
    const ended = attempt.then(() => recovering.close()).catch(() => {});
    // A broker that blocks this connection reads nothing from it, not even its end.
    await within(this.#blocked === undefined ? deadlineMs : 0, ended);
    // With an error: amqplib hears nothing else, and would keep its heartbeat.
    if (model) socketOf(model)?.destroy(new Error('closed'));
  }

  async #prepare(model: ChannelModel): Promise<void> {
    this.#blocked = undefined;
    rememberEnd(model);
    useExactFrames(model);
    if (this.#closed) throw new Error('closed meanwhile');
    model.on('blocked', (reason) => {
      this.#blocked = reason;
      this.#options.logger.warn({ role: this.#options.role, reason }, 'the broker blocks this connection');
    });
    model.on('unblocked', () => {
      this.#blocked = undefined;
      this.#options.logger.info({ role: this.#options.role }, 'the broker takes messages again');
    });
    // amqplib listens from here on only: a connection that ends meanwhile would count as a good one for ever.
    const ended = new Promise<never>((_, reject) => {
      model.once('close', () => reject(new Error('the connection ended while it was being prepared')));
    });
    ended.catch(() => {});
    try {
      await Promise.race([this.#options.onConnect(model), ended]);
      // What was prepared in the same moment as the end comes first in the race.
      await Promise.race([ended, Promise.resolve()]);
    } catch (error) {
      throw isLittoralError(error) ? error : (endOf(model) ?? error);
    }
  }

  #onConnect(model: ChannelModel): void {
    if (this.#closed) return;
    this.#model = model;
    this.#endAttempt();
    this.#mismatch = undefined;
    const { logger, role, address } = this.#options;
    logger.info({ role, broker: address.display }, 'connected to the broker');
  }

  #onConnectFailed(error: Error): void {
    this.#endAttempt();
    if (this.#closed) return;
    const { logger, role, address } = this.#options;
    this.#mismatch = isLittoralError(error) && error.code === 'topology-mismatch' ? error : undefined;
    const reason = `cannot use ${address.display}: ${connectFailure(error, this.#options)}`;
    // The same failure again and again is one event.
    if (reason !== this.#failure) logger.warn({ role, reason }, 'the broker cannot be used; trying again');
    this.#failure = reason;
  }

  #endAttempt(): void {
    for (const resolve of this.#whenAttempted.splice(0)) resolve();
  }

  #onDisconnect(error: Error): void {
    this.#model = undefined;
    this.#blocked = undefined;
    const { logger, role, address } = this.#options;
    this.#failure = `lost the connection to ${address.display}: ${connectFailure(error, this.#options)}`;
    logger.warn({ role, reason: this.#failure }, 'the connection to the broker was lost; connecting again');
  }
}

/** Resolves when the attempt to connect that is under way has ended, whichever way. */
function attemptOf(recovering: RecoveringChannelModel): Promise<void> {
  return new Promise((resolve) => {
    recovering.once('connect', () => resolve());
    recovering.once('connect-failed', () => resolve());
  });
}

/** @throws LittoralError `broker-unavailable`, `broker-blocked` while nothing may be sent */
export function assertUsable(connection: AmqpConnection, messageId?: string): void {
  if (connection.failure) {
    throw new LittoralError('broker-unavailable', `Nothing was sent: ${connection.failure}.`, { messageId });
  }
  if (connection.blocked !== undefined) {
    throw new LittoralError('broker-blocked', `Nothing was sent: the broker says ${connection.blocked}.`, {
      messageId,
    });
  }
}
