import type { Consumer } from '../engine/delivery.ts';
import type { CallGate } from '../handler/call-gate.ts';

export interface ConsumptionOptions {
  /** Returns the gates of the handlers outside of this process. */
  readonly gates: () => readonly CallGate[];
  /** Returns whether functions of this process handle messages as well. */
  readonly hasFunctions: () => boolean;
  /** Maximum number of deliveries that are handled at once. */
  readonly concurrency: number;
  /** Returns the number of unacknowledged deliveries. */
  readonly unacknowledged: () => number;
}

/**
 * Decides whether the queue of an endpoint is consumed: not while all of its handlers are outside of this process and
 * none of them can be called, so that their messages stay in the queue, in their order.
 */
export class Consumption {
  readonly #options: ConsumptionOptions;
  readonly #consumer: () => Consumer | undefined;
  #prefetch: number;

  /** @param consumer returns the consumer, once there is one */
  constructor(options: ConsumptionOptions, consumer: () => Consumer | undefined) {
    this.#options = options;
    this.#consumer = consumer;
    this.#prefetch = this.#wanted;
  }

  /** True if the consumer is to start without consuming. */
  get isSuspended(): boolean {
    return this.#prefetch === 0;
  }

  /** True if other messages can be handled while a gate is not open. */
  get takesOthers(): boolean {
    const { hasFunctions, gates } = this.#options;
    return hasFunctions() || gates().some(({ state }) => state === 'open');
  }

  /** Notes that a consumer has started, with what is wanted now. @returns whether it is to start without consuming */
  start(): boolean {
    this.#prefetch = this.#wanted;
    return this.isSuspended;
  }

  /** Notes that a delivery was settled. */
  onSettled(): void {
    if (this.#prefetch === 0) this.regulate();
  }

  /** Consumes, or stops consuming, as the gates say now. */
  regulate(): void {
    const prefetch = this.#wanted;
    if (prefetch === this.#prefetch) return;
    this.#prefetch = prefetch;
    if (prefetch === 0) void this.#consumer()?.suspend();
    else this.#consumer()?.resume(prefetch);
  }

  /** The number of deliveries that can be handled at once. */
  get #wanted(): number {
    const { hasFunctions, concurrency, unacknowledged } = this.#options;
    const gates = this.#options.gates();
    if (hasFunctions() || gates.length === 0 || gates.some(({ state }) => state === 'open')) return concurrency;
    // One is enough to find out whether the application is back.
    const isTrying = gates.some(({ state }) => state === 'trying');
    return isTrying && unacknowledged() === 0 ? 1 : 0;
  }
}
