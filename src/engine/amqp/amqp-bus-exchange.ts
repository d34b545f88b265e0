import type { ChannelModel } from 'amqplib';
import type { LittoralError } from '../../errors.ts';
import { isLittoralError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { busExchange } from '../broker/bus-exchange.ts';
import { declareBus } from './amqp-topology.ts';
import { isAbsent } from './broker-replies.ts';
import { closeUnawaited } from './connection/close-unawaited.ts';
import type { PermittedDeclarations } from './permitted-declarations.ts';

export interface AmqpBusExchangeOptions {
  readonly logger: Logger;
  readonly declarations: PermittedDeclarations;
  /** Milliseconds that the services on the bus need to bind their queues after it is declared again. */
  readonly rebindingMs: number;
  /** Called when the exchange was missing and has been declared again, without any of its bindings. */
  readonly onRestored: () => void;
}

/** The exchange of the bus, declared again when it is missing. Deleting it removes the bindings of all services. */
export class AmqpBusExchange {
  readonly #options: AmqpBusExchangeOptions;
  /** True once this process has seen the exchange: only then does its absence mean that it was deleted. */
  #isKnown = false;
  #restoredAtMs = Number.NEGATIVE_INFINITY;
  #mismatch: LittoralError | undefined;

  constructor(options: AmqpBusExchangeOptions) {
    this.#options = options;
  }

  /** Returns the error if the exchange exists in another form; undefined while its form is right. */
  get mismatch(): LittoralError | undefined {
    return this.#mismatch;
  }

  /** Returns whether some services may not yet have bound their queues to the restored bus. */
  get isRebinding(): boolean {
    return performance.now() < this.#restoredAtMs + this.#options.rebindingMs;
  }

  /** Returns a warning about a bus that was restored recently; undefined at any other time. */
  get warning(): string | undefined {
    if (!this.isRebinding) return undefined;
    return (
      `the exchange '${busExchange}' was deleted and has been declared again; each service on the bus binds its queue ` +
      `to it again within ${this.#options.rebindingMs} ms, and receives no events until then`
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
      await this.#options.declarations.declare(model, `exchange '${busExchange}'`, declareBus);
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
  channel.on('error', () => {}); // The failed call throws the same error.
  try {
    await channel.checkExchange(busExchange);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
  closeUnawaited(channel);
  return true;
}
