import { TurnoverMap } from '../collection/turnover-map.ts';
import type { Delivery } from '../engine/delivery.ts';
import type { ScopeOptions } from '../handler/invocation-scope.ts';

type DeliveryStatus = NonNullable<ScopeOptions['delivery']>;

/**
 * The phase of a delivery. `waiting`: it waits at a gate. `called`: the application has the message. `ended`: the call
 * has ended, and the delivery is about to be settled.
 */
type Phase = 'waiting' | 'called' | 'ended';

interface GatedDelivery {
  phase: Phase;
  /** Resolves `DeliveryStatus.settled` of the latest call. */
  resolve: ((outcome: string | undefined) => void) | undefined;
}

/** The deliveries that have reached a gate whose application says how many messages it takes. */
export class GatedDeliveries {
  readonly #onChange: () => void;
  readonly #deliveries = new TurnoverMap<Delivery, GatedDelivery>();
  readonly #counts: Record<Phase, number> = { waiting: 0, called: 0, ended: 0 };

  /** @param onChange called after each change of a phase */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Number of deliveries that have reached a gate. */
  get size(): number {
    return this.#deliveries.size;
  }

  count(phase: Phase): number {
    return this.#counts[phase];
  }

  /** Notes the phase of a delivery. A delivery with several handlers waits again after its first call. */
  note(delivery: Delivery, phase: Phase): void {
    const known = this.#deliveries.get(delivery);
    if (known === undefined) {
      this.#deliveries.set(delivery, { phase, resolve: undefined });
    } else {
      this.#counts[known.phase] -= 1;
      known.phase = phase;
      if (phase === 'waiting') this.#resolve(known, undefined);
    }
    this.#counts[phase] += 1;
  }

  /** Reports that phases have changed. */
  notify(): void {
    this.#onChange();
  }

  /** Returns the status of a delivery for the call that begins; undefined for one that has reached no such gate. */
  statusOf(delivery: Delivery): DeliveryStatus | undefined {
    const known = this.#deliveries.get(delivery);
    if (known === undefined) return undefined;
    const decided = new Promise<string | undefined>((resolve) => {
      known.resolve = resolve;
    });
    return {
      settled: decided.then(async (outcome) => {
        if (outcome !== undefined) await delivery.written?.();
        return outcome;
      }),
      get isLost() {
        return delivery.isLost;
      },
    };
  }

  /** Notes that a delivery was settled. */
  remove(delivery: Delivery, outcome: string): void {
    const known = this.#deliveries.get(delivery);
    if (known === undefined) return;
    this.#deliveries.delete(delivery);
    this.#counts[known.phase] -= 1;
    this.#resolve(known, outcome);
  }

  #resolve(known: GatedDelivery, outcome: string | undefined): void {
    known.resolve?.(outcome);
    known.resolve = undefined;
  }
}
