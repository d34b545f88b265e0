import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import { BrowsingTurns } from '../channel/browsing-turns.ts';
import type { Browsing } from '../channel/message-channel.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import { within } from '../within.ts';
import { AmqpBrowsing } from './amqp-browsing.ts';
import { socketOf } from './amqp-socket.ts';
import { connectFailure } from './connect-failure.ts';
import { type ConnectOptions, connectArguments } from './connect-options.ts';
import { useExactFrames } from './exact-frames.ts';

/** How long a look waits for another one of this process. */
const waitMs = 5_000;

/**
 * How long a look waits for somebody else: another process, or one of ours whose connection is lost and still stands in
 * RabbitMQ's books.
 */
const othersWaitMs = 5_000;
const othersRetryMs = 50;

/** How long a connection that is not needed any more may take to close. */
const closeTimeoutMs = 2_000;

/**
 * Looks through queues, each time on a connection of its own: a message that amqplib cannot decode ends the connection
 * that it comes in on, and that must not be one that publishes or consumes.
 */
export class AmqpBrowser {
  readonly #options: ConnectOptions;
  readonly #turns = new BrowsingTurns(waitMs);
  readonly #running = new Map<AmqpBrowsing, Promise<void>>();
  #closed = false;

  constructor(options: Omit<ConnectOptions, 'role'>) {
    this.#options = { ...options, role: 'browsing' };
  }

  /** See `MessageChannel.browse`. */
  async browse(queue: string, browsing: Browsing): Promise<void> {
    await this.#turns.take(queue, async () => {
      const lastAttemptAtMs = performance.now() + othersWaitMs;
      for (;;) {
        const isLastAttempt = performance.now() > lastAttemptAtMs;
        const run = new AmqpBrowsing(await this.#connect(), queue, browsing);
        try {
          return await this.#run(run);
        } catch (error) {
          if (isLastAttempt || run.visited > 0 || !isBusy(error)) throw error;
        }
        await delay(othersRetryMs);
      }
    });
  }

  async #run(run: AmqpBrowsing): Promise<void> {
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

  /** Ends what is under way, in order where there is time for it. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    for (const run of this.#running.keys()) run.abort(draining());
    const ended = Promise.allSettled(this.#running.values());
    if (!(await within(deadlineMs, ended))) for (const run of this.#running.keys()) run.cut();
  }

  async #connect(): Promise<ChannelModel> {
    const { address } = this.#options;
    try {
      const model = await connect(...connectArguments(this.#options));
      // Told by 'close' as well; without a listener it would end the process.
      model.on('error', () => {});
      useExactFrames(model);
      return model;
    } catch (cause) {
      // All that the cause says stands in the text.
      const reason = connectFailure(cause, this.#options);
      throw new LittoralError('broker-unavailable', `Cannot use ${address.display}: ${reason}.`);
    }
  }
}

async function closeConnection(model: ChannelModel): Promise<void> {
  const closed = model.close().catch(() => {});
  // With an error: amqplib hears nothing else, and would keep its heartbeat.
  if (!(await within(closeTimeoutMs, closed))) socketOf(model)?.destroy(new Error('closed'));
}

function isBusy(error: unknown): boolean {
  return isLittoralError(error) && error.code === 'dead-letters-busy';
}

function draining(): LittoralError {
  return new LittoralError('draining', 'The look through the dead letters ended: this gateway is shutting down.');
}
