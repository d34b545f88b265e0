import type { Clock } from '../../time/clock.ts';
import { ExpirySchedule } from './expiry-schedule.ts';
import type { InMemoryQueue } from './in-memory-queue.ts';
import type { Arrival } from './queued-message.ts';

/** A message on its way to a queue. */
interface Delayed {
  readonly arrival: Arrival;
  readonly queue: InMemoryQueue;
}

/** All that is due at one time, in the order in which it came. */
interface DueTogether {
  readonly expiresAtMs: number;
  readonly delayed: Delayed[];
}

/** The delayed messages of the in-memory engine. */
export class DelayedArrivals {
  readonly #clock: Clock;
  readonly #schedule: ExpirySchedule<DueTogether>;
  readonly #byTime = new Map<number, DueTogether>();
  #size = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#schedule = new ExpirySchedule((due) => this.#arrive(due), clock);
  }

  /** Returns the number of delayed messages. */
  get size(): number {
    return this.#size;
  }

  add(arrival: Arrival, queue: InMemoryQueue, delayMs: number): void {
    const expiresAtMs = this.#clock.nowMs() + delayMs;
    let due = this.#byTime.get(expiresAtMs);
    if (due === undefined) {
      due = { expiresAtMs, delayed: [] };
      this.#byTime.set(expiresAtMs, due);
      this.#schedule.add(due);
    }
    due.delayed.push({ arrival, queue });
    this.#size += 1;
  }

  /** Nothing arrives afterwards. */
  clear(): void {
    this.#schedule.clear();
    this.#byTime.clear();
    this.#size = 0;
  }

  #arrive({ expiresAtMs, delayed }: DueTogether): void {
    this.#byTime.delete(expiresAtMs);
    this.#size -= delayed.length;
    for (const { arrival, queue } of delayed) queue.put(arrival);
  }
}
