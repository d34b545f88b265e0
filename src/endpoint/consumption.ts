import type { Consumer } from '../engine/delivery.ts';
import type { CallGate } from '../handler/call-gate.ts';
import { GatedDeliveries } from './gated-deliveries.ts';

export interface ConsumptionOptions {
  /** Returns the gates of the handlers outside of this process. */
  readonly gates: () => readonly CallGate[];
  /** Returns whether functions of this process handle messages as well. */
  readonly hasFunctions: () => boolean;
  /** Maximum number of deliveries that are handled at once. */
  readonly concurrency: number;
  /** Returns the number of unacknowledged deliveries. */
  readonly unacknowledged: () => number;
  /** Returns the number of further deliveries that can be handled now. */
  readonly freePlaces: () => number;
  /** Returns the number of deliveries that are held, because their messages can be neither retried nor dead-lettered. */
  readonly held: () => number;
}

/**
 * Decides how many messages are taken from the queue of an endpoint. While all of its handlers are outside of this
 * process and none of them can be called, it takes none: they stay in the queue, in their order. From an application
 * that asks for a number of messages, it learns how many.
 */
export class Consumption {
  /** The deliveries of applications that ask for a number of messages. */
  readonly deliveries = new GatedDeliveries(() => this.regulate());
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

  /** True if a message that was not handled must not wait until it can return to the queue in its order. */
  get movesReturned(): boolean {
    // The engine returns messages in their order when no other one is unacknowledged, and a lease can be long.
    return this.takesOthers || this.deliveries.count('called') > 0;
  }

  /** Notes that a consumer has started, with what is wanted now. @returns whether it is to start without consuming */
  start(): boolean {
    this.#prefetch = this.#wanted;
    return this.isSuspended;
  }

  /** Takes deliveries beyond the limit, for those that are held. */
  allowExtra(count: number): void {
    if (!this.#hasDemand) this.#consumer()?.allowExtra(count);
  }

  /** Notes that a delivery is held. */
  onHeld(): void {
    if (this.#hasDemand) this.regulate();
  }

  /** Notes that a delivery was settled. */
  onSettled(): void {
    if (this.#prefetch === 0 || this.#hasDemand) this.regulate();
  }

  /** Consumes, or stops consuming, as the gates say now. */
  regulate(): void {
    const prefetch = this.#wanted;
    if (prefetch === this.#prefetch) return;
    this.#prefetch = prefetch;
    if (prefetch === 0) void this.#consumer()?.suspend();
    else this.#consumer()?.resume(prefetch);
  }

  /** The number of deliveries that can be unacknowledged at once. */
  get #wanted(): number {
    const { concurrency, unacknowledged } = this.#options;
    const gates = this.#options.gates();
    if (this.#hasDemand) return this.#demanded;
    if (this.#options.hasFunctions() || gates.some(({ state }) => state === 'open')) {
      return concurrency;
    }
    // One is enough to find out whether the application is back.
    const isTrying = gates.some(({ state }) => state === 'trying');
    return isTrying && unacknowledged() === 0 ? 1 : 0;
  }

  /** True if all messages are for applications that ask for a number of them. */
  get #hasDemand(): boolean {
    const gates = this.#options.gates();
    return !this.#options.hasFunctions() && gates.length > 0 && gates.every(({ demand }) => demand !== undefined);
  }

  /** The deliveries that are unacknowledged, and those that are wanted beyond them. */
  get #demanded(): number {
    const demands = new Set(this.#options.gates().flatMap(({ demand }) => demand ?? []));
    const asked = Array.from(demands).reduce((sum, { wanted }) => sum + wanted, 0);
    const unacknowledged = this.#options.unacknowledged();
    // Those on their way to a gate are probably what is asked for.
    const coming = unacknowledged - this.deliveries.size;
    const more = Math.min(asked - coming, this.#options.freePlaces());
    // An acknowledgement would make room for another message: what is about to be acknowledged counts no more. A held
    // delivery stays unacknowledged.
    const ending = Math.max(0, this.deliveries.count('ended') - this.#options.held());
    return more > 0 ? unacknowledged - ending + more : 0;
  }
}
