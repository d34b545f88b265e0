import { LittoralError } from '../errors.ts';
import { completesWithin } from '../time/timeout.ts';

/** Who looks through a queue, one at a time in this process. */
export class KeyedMutex {
  readonly #waitMs: number;
  readonly #last = new Map<string, Promise<unknown>>();

  /** @param waitMs how long to wait for those who look already */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /**
   * Does some work when it is its turn.
   *
   * @throws LittoralError `dead-letters-busy` when that does not come in time
   */
  async take(queue: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(queue) ?? Promise.resolve();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const turn = before.then(() => ended);
    this.#last.set(queue, turn);
    // Not as soon as this one ends: refused, it ends before those that it waited for.
    void turn.then(() => {
      if (this.#last.get(queue) === turn) this.#last.delete(queue);
    });
    try {
      if (!(await completesWithin(this.#waitMs, before))) throw queueBusy(queue);
      await work();
    } finally {
      end();
    }
  }
}

export function queueBusy(queue: string, cause?: unknown): LittoralError {
  return new LittoralError(
    'dead-letters-busy',
    `Somebody else looks through '${queue}', or consumes it. Try again when they have finished.`,
    { cause },
  );
}
