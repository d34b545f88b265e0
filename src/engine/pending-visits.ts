import type { BrowseAction, BrowseOptions, WaitingMessage } from './browsing.ts';

/** Calls a visitor, and knows which of its promises are pending and whether it wants no more. */
export class PendingVisits {
  readonly #browsing: BrowseOptions;
  readonly #onChange: () => void;
  readonly #pending = new Set<Promise<void>>();
  #ended = false;
  #failed = false;
  #error: unknown;

  /** @param onChange called when a pending visit has come to its end */
  constructor(browsing: BrowseOptions, onChange: () => void = () => {}) {
    this.#browsing = browsing;
    this.#onChange = onChange;
  }

  /** Whether nothing more is to be visited. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How many visits are pending. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Visits a message.
   *
   * @param settle called with the verdict, at once where there is no promise; not when the visit fails
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

  /** No more visits. */
  end(): void {
    this.#ended = true;
  }

  /** No more visits, for a reason that `finish` throws. The first counts. */
  fail(error: unknown): void {
    if (!this.#failed) this.#error = error;
    this.#failed = true;
    this.end();
  }

  /** Resolves when one of the pending visits has come to its end. */
  async next(): Promise<void> {
    await Promise.race(this.#pending);
  }

  /**
   * Resolves when all visits have come to their end.
   *
   * @throws what a visit failed with
   */
  async finish(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#failed) throw this.#error;
  }
}
