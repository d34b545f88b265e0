interface Waiting {
  readonly resolve: (succeeded: boolean) => void;
  readonly reject: (reason: Error) => void;
}

/** The keys of the calls that have not ended, and who waits for their ends. */
export class CopiesInHand {
  /** Most have nobody who waits. */
  readonly #calls = new Map<string, Waiting[] | undefined>();
  #stopped: Error | undefined;

  has(key: string): boolean {
    return this.#calls.has(key);
  }

  /** Only where it is not in hand. */
  begin(key: string): void {
    this.#calls.set(key, undefined);
  }

  end(key: string, succeeded: boolean): void {
    const waiting = this.#calls.get(key);
    this.#calls.delete(key);
    if (waiting) for (const { resolve } of waiting) resolve(succeeded);
  }

  /**
   * Waits for the end of a call. Those who wait go on in the order in which they came.
   *
   * @returns whether the call succeeded
   * @throws the reason of the stop
   */
  waitFor(key: string): Promise<boolean> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    const waiting = this.#calls.get(key) ?? [];
    this.#calls.set(key, waiting);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  /** @param reason what those fail with that wait, now and from now on */
  stop(reason: Error): void {
    this.#stopped = reason;
    for (const waiting of this.#calls.values()) {
      if (waiting) for (const { reject } of waiting) reject(reason);
    }
  }
}
