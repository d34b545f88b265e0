import { TurnoverMap } from '../collection/turnover-map.ts';

type Outcome = 'succeeded' | 'failed' | 'stopped';

/** The keys of the calls that have not ended, with the copies that wait for their ends. */
export class InFlightKeys {
  /** Most have no copies that wait. */
  readonly #calls = new TurnoverMap<string, ((outcome: Outcome) => void)[] | undefined>();
  #isStopped = false;

  has(key: string): boolean {
    return this.#calls.has(key);
  }

  /** Begins a call whose key is not in flight. */
  begin(key: string): void {
    this.#calls.set(key, undefined);
  }

  end(key: string, succeeded: boolean): void {
    const waiting = this.#calls.get(key);
    this.#calls.delete(key);
    if (waiting) for (const resolve of waiting) resolve(succeeded ? 'succeeded' : 'failed');
  }

  /**
   * Waits for the end of a call. Waiting copies go on in the order in which they came.
   *
   * @returns `stopped` as soon as the waiting has to end
   */
  waitFor(key: string): Promise<Outcome> {
    if (this.#isStopped) return Promise.resolve('stopped');
    const waiting = this.#calls.get(key) ?? [];
    this.#calls.set(key, waiting);
    return new Promise((resolve) => waiting.push(resolve));
  }

  /** Ends every wait, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const waiting of this.#calls.values()) {
      if (waiting) for (const resolve of waiting) resolve('stopped');
    }
  }
}
