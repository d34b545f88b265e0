import type { ChannelModel } from 'amqplib';
import type { LittoralError } from '../errors.ts';
import { isLittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { busExchange, declareBus } from './amqp-topology.ts';
import { isAbsent } from './broker-replies.ts';
import { closeUnawaited } from './close-unawaited.ts';

export interface AmqpBusExchangeOptions {
  readonly logger: Logger;
  /** How long the services on the bus need, once it is declared again, to bind their queues to it. */
  readonly rebindingMs: number;
  /** Called when the exchange was missing and has been declared again, without any of its bindings. */
  readonly onRestored: () => void;
}

/** Keeps the exchange of the bus in existence. Deleting it removes the bindings of all services on the bus. */
export class AmqpBusExchange {
  readonly #options: AmqpBusExchangeOptions;
  /** Whether this process has seen the exchange: only then its absence means that it was deleted. */
  #isKnown = false;
  #restoredAtMs = Number.NEGATIVE_INFINITY;
  #mismatch: LittoralError | undefined;

  constructor(options: AmqpBusExchangeOptions) {
    this.#options = options;
  }

  /** The error of a broker that has the exchange in another form; undefined while the form is right. */
  get mismatch(): LittoralError | undefined {
    return this.#mismatch;
  }

  /** Whether services that are bound to the bus may not have bound their queues again yet. */
  get isRebinding(): boolean {
    return performance.now() < this.#restoredAtMs + this.#options.rebindingMs;
  }

  /** A sentence about a bus that was restored a moment ago; undefined at any other time. */
  get warning(): string | undefined {
    if (!this.isRebinding) return undefined;
    return (
      `the exchange '${busExchange}' was deleted and has been declared again; each service on the bus binds its queue ` +
      `to it again within ${this.#options.rebindingMs} ms, and gets no events before`
    );
  }

  /**
   * Declares the exchange where it is missing, on channels of its own.
   *
   * @throws LittoralError `topology-mismatch` when it exists in another form; what amqplib throws
   */
  async ensure(model: ChannelModel): Promise<void> {
    const isMissing = this.#isKnown && !(await exists(model));
    try {
      await declare(model);
    } catch (error) {
      if (isLittoralError(error)) this.#onMismatch(error);
      throw error;
    }
    this.#mismatch = undefined;
    this.#isKnown = true;
    if (isMissing) this.#onRestored();
  }

  #onMismatch(error: LittoralError): void {
    const { message: reason } = error;
    // The same mismatch at every check is one event.
    if (this.#mismatch?.message !== reason)
      this.#options.logger.error({ reason }, 'exchange of the bus exists in another form');
    this.#mismatch = error;
  }

  #onRestored(): void {
    this.#restoredAtMs = performance.now();
    this.#options.logger.warn({ exchange: busExchange }, 'exchange of the bus was deleted; declared again');
    this.#options.onRestored();
  }
}

async function exists(model: ChannelModel): Promise<boolean> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  try {
    await channel.checkExchange(busExchange);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
  closeUnawaited(channel);
  return true;
}

async function declare(model: ChannelModel): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  await declareBus(channel);
  closeUnawaited(channel);
}
