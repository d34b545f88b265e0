import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import { isLittoralError, LittoralError } from '../../../errors.ts';
import { KeyedMutex } from '../../../promise/keyed-mutex.ts';
import { completesWithin } from '../../../time/timeout.ts';
import type { BrowseOptions } from '../../browsing.ts';
import { queueBusy } from '../../queue-busy.ts';
import type { AmqpAddress } from '../connection/amqp-url.ts';
import { closeConnection } from '../connection/close-connection.ts';
import { connectFailure } from '../connection/connect-failure.ts';
import { type ConnectOptions, connectArguments } from '../connection/connect-options.ts';
import { useExactFrames } from '../connection/exact-frames.ts';
import { BrowseSession } from './browse-session.ts';

/** Time that a browse waits for another one of this process. */
const waitMs = 5_000;

/**
 * Time that a browse waits for one of another process, or for an earlier one of this process whose lost connection
 * RabbitMQ has not noticed yet.
 */
const othersWaitMs = 5_000;
const othersRetryMs = 50;

export interface BrowserOptions extends Omit<ConnectOptions, 'role' | 'address'> {
  /** Returns the addresses of the nodes of one broker. */
  readonly addresses: () => readonly AmqpAddress[];
}

/**
 * Browses queues, each time on a separate connection: a message that amqplib cannot decode ends its connection, which
 * must not be one that publishes or consumes.
 */
export class Browser {
  readonly #options: BrowserOptions;
  readonly #mutex = new KeyedMutex(waitMs, queueBusy);
  readonly #running = new Map<BrowseSession, Promise<void>>();
  #closed = false;

  constructor(options: BrowserOptions) {
    this.#options = options;
  }

  /** See `QueueBrowser.browse`. */
  async browse(queue: string, browsing: BrowseOptions): Promise<void> {
    await this.#mutex.run(queue, async () => {
      const lastAttemptAtMs = performance.now() + othersWaitMs;
      for (;;) {
        const isLastAttempt = performance.now() > lastAttemptAtMs;
        const run = new BrowseSession(await this.#connect(), queue, browsing);
        try {
          return await this.#run(run);
        } catch (error) {
          if (isLastAttempt || run.visited > 0 || !isBusy(error)) throw error;
        }
        await delay(othersRetryMs);
      }
    });
  }

  async #run(run: BrowseSession): Promise<void> {
    if (this.#closed) run.abort(draining());
    const ended = run.run();
    this.#running.set(run, ended);
    try {
      await ended;
    } finally {
      this.#running.delete(run);
      await closeConnection(run.model);
    }
  }

  /** Ends the running browse, in an orderly way if there is time for it. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    for (const run of this.#running.keys()) run.abort(draining());
    const ended = Promise.allSettled(this.#running.values());
    if (!(await completesWithin(deadlineMs, ended))) for (const run of this.#running.keys()) run.cut();
  }

  async #connect(): Promise<ChannelModel> {
    const untried = [...this.#options.addresses()];
    const reasons: string[] = [];
    while (untried.length > 0) {
      const [address] = untried.splice(Math.floor(Math.random() * untried.length), 1) as [AmqpAddress];
      const options = { ...this.#options, address, role: 'browsing' };
      try {
        const model = await connect(...connectArguments(options));
        // 'close' reports the same error. An 'error' event without a listener would end the process.
        model.on('error', () => {});
        useExactFrames(model);
        return model;
      } catch (cause) {
        reasons.push(`Cannot use ${address.display}: ${connectFailure(cause, options)}.`);
      }
    }
    // No `cause`: the text contains the reason for each address.
    throw new LittoralError('broker-unavailable', reasons.join(' '));
  }
}

function isBusy(error: unknown): boolean {
  return isLittoralError(error) && error.code === 'dead-letters-busy';
}

function draining(): LittoralError {
  return new LittoralError('draining', 'Browsing the dead letters ended: this gateway is shutting down.');
}
