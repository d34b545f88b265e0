import type { ChannelModel } from 'amqplib';
import { isLittoralError, type LittoralError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { completesWithin } from '../../time/timeout.ts';
import { declareDeadLetterQueue } from './amqp-dead-letter-queue.ts';
import { reasonOf } from './connection/connection-end.ts';

export interface AmqpDeadLetterQueuesOptions {
  readonly logger: Logger;
  /** Returns whether a connection is still in use. */
  readonly isCurrent: (model: ChannelModel) => boolean;
  /** How long a caller waits for the broker before it goes on without the queue. Default: 3 s. */
  readonly waitMs?: number;
}

const unverifiedText =
  'its form cannot be verified, because the broker user may not declare it. It must be a classic queue or, from ' +
  'RabbitMQ 4.0 on, a quorum queue with the argument x-delivery-limit: -1; otherwise browsing deletes dead letters';

const retryDelays = { firstMs: 1_000, maxMs: 30_000 };

/**
 * Declares the dead letter queues of a gateway. The node of such a queue can be down while all others work, and
 * RabbitMQ then takes more than a minute to say so: consuming, publishing and delaying go on without it, and this tries
 * again.
 */
export class AmqpDeadLetterQueues {
  readonly #options: AmqpDeadLetterQueuesOptions;
  /** One declaration a queue at a time. */
  readonly #declaring = new Map<
    string,
    { readonly model: ChannelModel; readonly declared: Promise<string | undefined> }
  >();
  readonly #problems = new Map<string, string>();
  /** The queues that the broker user may not declare. */
  readonly #unverified = new Set<string>();
  readonly #retries = new Map<string, NodeJS.Timeout>();

  constructor(options: AmqpDeadLetterQueuesOptions) {
    this.#options = options;
  }

  /** Returns the problems, each with its queue; undefined while all queues can be used. */
  get problem(): string | undefined {
    const unverified = Array.from(this.#unverified, (queue) => `dead letter queue '${queue}': ${unverifiedText}`);
    const problems = [...this.#problems.values(), ...unverified];
    return problems.length === 0 ? undefined : problems.join('; ');
  }

  /**
   * Declares a queue, and waits for it for a while.
   *
   * @throws LittoralError `topology-mismatch` when it exists in a form in which dead letters would be lost
   */
  async ensure(model: ChannelModel, queue: string): Promise<void> {
    await this.#ensure(model, queue, 0);
  }

  /** Ends the attempts to declare what could not be declared. */
  close(): void {
    for (const retry of this.#retries.values()) clearTimeout(retry);
    this.#retries.clear();
  }

  async #ensure(model: ChannelModel, queue: string, failures: number): Promise<void> {
    const declared = this.#declare(model, queue);
    let mismatch: LittoralError | undefined;
    const settled = declared.then(
      (unverified) => this.#onDeclared(queue, unverified),
      (error: unknown) => {
        if (isLittoralError(error)) mismatch = error;
        else this.#onFailed(model, queue, failures, reasonOf(error, model));
      },
    );
    if (!(await completesWithin(this.#options.waitMs ?? 3_000, settled)))
      this.#note(queue, 'the broker does not answer');
    if (mismatch) throw mismatch;
  }

  #declare(model: ChannelModel, queue: string): Promise<string | undefined> {
    const underWay = this.#declaring.get(queue);
    if (underWay?.model === model) return underWay.declared;
    const declared = declareDeadLetterQueue(model, queue).finally(() => {
      if (this.#declaring.get(queue)?.declared === declared) this.#declaring.delete(queue);
    });
    this.#declaring.set(queue, { model, declared });
    return declared;
  }

  #onDeclared(queue: string, unverified: string | undefined): void {
    if (unverified === undefined) this.#unverified.delete(queue);
    else if (!this.#unverified.has(queue)) {
      this.#unverified.add(queue);
      this.#options.logger.warn({ queue, reason: unverified }, `dead letter queue: ${unverifiedText}`);
    }
    clearTimeout(this.#retries.get(queue));
    this.#retries.delete(queue);
    if (this.#problems.delete(queue)) this.#options.logger.info({ queue }, 'dead letter queue is available again');
  }

  #onFailed(model: ChannelModel, queue: string, failures: number, reason: string): void {
    // The next connection declares it anyway.
    if (!this.#options.isCurrent(model)) return;
    this.#note(queue, reason);
    clearTimeout(this.#retries.get(queue));
    const delayMs = Math.min(retryDelays.maxMs, retryDelays.firstMs * 2 ** failures);
    const retry = () => {
      if (this.#options.isCurrent(model))
        this.#ensure(model, queue, failures + 1).catch((error) => this.#onMismatch(queue, error));
    };
    this.#retries.set(queue, setTimeout(retry, delayMs).unref());
  }

  #onMismatch(queue: string, error: unknown): void {
    this.#note(queue, isLittoralError(error) ? error.message : String(error));
  }

  #note(queue: string, reason: string): void {
    const problem = `the dead letter queue '${queue}' cannot be used: ${reason}`;
    if (!this.#problems.has(queue)) {
      this.#options.logger.error({ queue, reason }, 'dead letter queue cannot be used; everything else goes on');
    }
    this.#problems.set(queue, problem);
  }
}
