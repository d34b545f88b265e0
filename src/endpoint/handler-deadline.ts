import { longestTimeoutMs } from '../time/timeout.ts';

interface Waiting {
  readonly dueAt: number;
  readonly resolve: (inTime: boolean) => void;
}

/** Waits for handlers, for each of them equally long. One timer serves all, however many begin and end in a second. */
export class HandlerDeadline {
  readonly #timeoutMs: number;
  /** In the order in which they began, so the first is the first that is due. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = Math.min(timeoutMs, longestTimeoutMs);
  }

  /**
   * @returns whether the work was done in time
   * @throws what the work rejects with in time; what it rejects with later is dropped
   */
  wait(work: PromiseLike<unknown>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const entry: Waiting = { dueAt: performance.now() + this.#timeoutMs, resolve };
      this.#waiting.add(entry);
      // It is not cleared when the work is done: that would be once for each, and it finds out for itself.
      this.#timer ??= setTimeout(() => this.#sweep(), this.#timeoutMs).unref();
      work.then(
        () => {
          this.#waiting.delete(entry);
          resolve(true);
        },
        (error: unknown) => {
          this.#waiting.delete(entry);
          reject(error);
        },
      );
    });
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const entry of this.#waiting) {
      if (entry.dueAt > now) {
        this.#timer = setTimeout(() => this.#sweep(), entry.dueAt - now).unref();
        return;
      }
      this.#waiting.delete(entry);
      entry.resolve(false);
    }
  }
}
