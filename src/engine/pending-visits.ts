import type { BrowseAction, BrowseOptions, WaitingMessage } from './browsing.ts';

/** The visits of one browse: those whose promises are pending, and whether there are to be more. */
export class PendingVisits {
  readonly #browsing: BrowseOptions;
  readonly #onChange: () => void;
  readonly #pending = new Set<Promise<void>>();
  #ended = false;
  #failed = false;
  #error: unknown;

  /** @param onChange called when a pending visit has ended */
  constructor(browsing: BrowseOptions, onChange: () => void = () => {}) {
    this.#browsing = browsing;
    this.#onChange = onChange;
  }

  /** Returns whether no further message is to be visited. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Returns the number of pending visits. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Visits a message.
   *
   * @param settle called with the action, at once if there is no promise; not if the visit fails
   */
  visit(waiting: Omit<WaitingMessage, 'end'>, settle: (action: BrowseAction) => void): void {
    try {
      const action = this.#browsing.visit({ ...waiting, end: () => this.end() });
      if (typeof action === 'string') {
        settle(action);
        return;
      }
      const visit = Promise.resolve(action)
        .then(settle)
        .catch((error) => this.fail(error))
        .finally(() => {
          this.#pending.delete(visit);
          this.#onChange();
        });
      this.#pending.add(visit);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the visits; pending ones are finished. */
  end(): void {
    this.#ended = true;
  }

  /** Ends the visits for a reason that `finish` throws. The first one counts. */
  fail(error: unknown): void {
    if (!this.#failed) this.#error = error;
    this.#failed = true;
    this.end();
  }

  /** Resolves when one of the pending visits has ended. */
  async next(): Promise<void> {
    await Promise.race(this.#pending);
  }

  /**
   * Resolves when all visits have ended.
   *
   * @throws what a visit failed with
   */
  async finish(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#failed) throw this.#error;
  }
}
