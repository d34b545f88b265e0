import { TurnoverSet } from '../collection/turnover-set.ts';
import { longestTimeoutMs } from './timeout.ts';

/** The deadline of one piece of work. */
export interface Deadline {
  readonly dueAt: number;
  readonly expire: () => void;
}

/**
 * Limits pieces of work to one length of time. One timer serves all of them, because many begin and end in a second.
 */
export class DeadlineTimer {
  readonly #timeoutMs: number;
  /** The deadlines in the order in which they began, so the first is the first that is due. */
  readonly #waiting = new TurnoverSet<Deadline>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = Math.min(timeoutMs, longestTimeoutMs);
  }

  /** Begins a deadline. @param expire called once it has passed, unless it has ended. Must not throw */
  begin(expire: () => void): Deadline {
    const deadline = { dueAt: performance.now() + this.#timeoutMs, expire };
    this.#waiting.add(deadline);
    // It is not cleared when the work is done: that would cost a timer for each, and the sweep finds nothing due.
    this.#timer ??= setTimeout(() => this.#sweep(), this.#timeoutMs).unref();
    return deadline;
  }

  /** Ends a deadline, because its work is done. */
  end(deadline: Deadline): void {
    this.#waiting.delete(deadline);
  }

  /**
   * Waits for some work until its deadline.
   *
   * @param late returns the result in place of the work's. Must not throw
   * @returns the result of the work if it is done in time
   * @throws the rejection of the work in time; a later one is dropped
   */
  wait<Result>(work: PromiseLike<Result>, late: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const deadline = this.begin(() => resolve(late()));
      work.then(
        (result) => {
          this.end(deadline);
          resolve(result);
        },
        (error: unknown) => {
          this.end(deadline);
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
        // A callback may have begun a deadline, and with it a timer.
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#sweep(), entry.dueAt - now).unref();
        return;
      }
      this.#waiting.delete(entry);
      entry.expire();
    }
  }
}
