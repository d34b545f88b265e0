import { setImmediate as nextTurn } from 'node:timers/promises';

/** Time that one slice of work may take. */
const sliceMs = 15;

/** Divides long work into slices, so that other connections and timers get their turn between them. */
export class WorkSlices {
  #startedAt = performance.now();

  /** Returns whether the slice has taken its time, so that `pause` has to be awaited. */
  get isOver(): boolean {
    return performance.now() - this.#startedAt >= sliceMs;
  }

  /** Waits for the next turn of the event loop, and begins another slice. */
  async pause(): Promise<void> {
    await nextTurn();
    this.#startedAt = performance.now();
  }
}
