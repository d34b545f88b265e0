import type { Clock, WallClock } from '../time/clock.ts';

interface Call {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. */
export class TestClock implements Clock, WallClock {
  readonly #calls = new Set<Call>();
  readonly #startedAtMs = Date.now();
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#startedAtMs + this.#nowMs;
  }

  callAt(atMs: number, callback: () => void): () => void {
    const call = { atMs, callback };
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  /** The time of the next event; Infinity if there is none. */
  get nextMs(): number {
    return Math.min(...[...this.#calls].map(({ atMs }) => atMs));
  }

  /** Moves on to a time, unless it has passed, and makes the calls that are due then. */
  moveTo(timeMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, timeMs);
    for (const call of [...this.#calls]) if (call.atMs <= this.#nowMs && this.#calls.delete(call)) call.callback();
  }
}
