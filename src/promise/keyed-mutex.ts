import { completesWithin } from '../time/timeout.ts';

/** Runs work one at a time for each key, in the order of the calls. */
export class KeyedMutex {
  readonly #waitMs: number;
  readonly #timeoutError: (key: string) => Error;
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * @param waitMs how long a call waits for those before it
   * @param timeoutError creates the error of a call that has waited for too long
   */
  constructor(waitMs: number, timeoutError: (key: string) => Error) {
    this.#waitMs = waitMs;
    this.#timeoutError = timeoutError;
  }

  /**
   * Runs some work once all earlier calls for the key have ended.
   *
   * @throws `timeoutError` if they do not end in time; what the work throws
   */
  async run(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key) ?? Promise.resolve();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const turn = before.then(() => ended);
    this.#last.set(key, turn);
    // A call that timed out ends before the calls that it waited for, and later calls still wait for those.
    void turn.then(() => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    });
    try {
      if (!(await completesWithin(this.#waitMs, before))) throw this.#timeoutError(key);
      await work();
    } finally {
      end();
    }
  }
}
