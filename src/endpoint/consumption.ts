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
  /** Returns the number of held deliveries, whose messages can be neither retried nor dead-lettered. */
  readonly held: () => number;
}

/**
 * Decides how many messages an endpoint takes from its queue. If all handlers are outside of this process and none can
 * be called, the endpoint takes no message, so that the messages stay in the queue in their order. If all handlers
 * belong to applications that request a number of messages, the endpoint takes that number.
 */
export class Consumption {
  /** The deliveries to applications that request a number of messages. */
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

  /** True if the consumer must start without consuming. */
  get isSuspended(): boolean {
    return this.#prefetch === 0;
  }

  /** True if other messages can be handled while a gate is not open. */
  get takesOthers(): boolean {
    const { hasFunctions, gates } = this.#options;
    return hasFunctions() || gates().some(({ state }) => state === 'open');
  }

  /** True if an unhandled message must be requeued at once, even if it then loses its place in the queue. */
  get movesReturned(): boolean {
    // The engine returns messages in their order when no other one is unacknowledged, and a lease can be long.
    return this.takesOthers || this.deliveries.count('called') > 0;
  }

  /** Notes that a consumer starts with the current prefetch. @returns whether it must start without consuming */
  start(): boolean {
    this.#prefetch = this.#wanted;
    return this.isSuspended;
  }

  /** Allows the consumer a number of deliveries beyond its limit, because held deliveries take up places. */
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

  /** Starts, changes or stops consuming according to the state of the gates. */
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
    // One message is enough to find out whether the application is available again.
    const isTrying = gates.some(({ state }) => state === 'trying');
    return isTrying && unacknowledged() === 0 ? 1 : 0;
  }

  /** True if all handlers belong to applications that request a number of messages. */
  get #hasDemand(): boolean {
    const gates = this.#options.gates();
    return !this.#options.hasFunctions() && gates.length > 0 && gates.every(({ demand }) => demand !== undefined);
  }

  /** The number of unacknowledged deliveries plus the number that the applications still request. */
  get #demanded(): number {
    const demands = new Set(this.#options.gates().flatMap(({ demand }) => demand ?? []));
    const asked = Array.from(demands).reduce((sum, { wanted }) => sum + wanted, 0);
    const unacknowledged = this.#options.unacknowledged();
    // Deliveries that have not reached a gate yet will probably meet a part of the demand.
    const coming = unacknowledged - this.deliveries.size;
    const more = Math.min(asked - coming, this.#options.freePlaces());
    // An ended delivery is about to be acknowledged, which makes room for another message, so it does not count. A held
    // delivery has ended too, but stays unacknowledged.
    const ending = Math.max(0, this.deliveries.count('ended') - this.#options.held());
    return more > 0 ? unacknowledged - ending + more : 0;
  }
}
