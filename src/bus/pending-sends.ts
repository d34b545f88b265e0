/** What a handler sent on the buses, whether it waits for it or not. */
export class PendingSends {
  readonly #open = new Set<Promise<unknown>>();
  readonly #failures: { readonly call: ObservedPromise<unknown>; readonly error: unknown }[] = [];

  /**
   * Counts a call of a bus.
   *
   * @returns what the handler gets: the same promise, which notices whether the handler looks at how it ends
   */
  track<Result>(call: Promise<Result>): Promise<Result> {
    const observed = new ObservedPromise<Result>((resolve) => resolve(call));
    const ended = observed.whenEnded(
      () => {},
      (error) => void this.#failures.push({ call: observed, error }),
    );
    this.#open.add(ended);
    void ended.then(() => this.#open.delete(ended));
    return observed;
  }

  /** Whether there is nothing to wait for and nothing failed. */
  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#failures.length === 0;
  }

  /**
   * Waits for all calls, those that follow from them included.
   *
   * @throws the first error that the handler did not look at: what it caught itself, it has dealt with
   */
  async settle(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
    const ignored = this.#failures.find(({ call }) => !call.observed);
    if (ignored) throw ignored.error;
  }
}

/**
 * A promise that knows whether somebody will hear of its failure. `await` and `Promise.all` come through `then` as well.
 * What `then` and `finally` give fails with it, so whoever hears of that failure hears of this one.
 */
class ObservedPromise<Result> extends Promise<Result> {
  #first: ObservedPromise<unknown> = this;
  #observed = false;

  // What `super.then` gives is a plain promise.
  static override get [Symbol.species]() {
    return Promise;
  }

  get observed(): boolean {
    return this.#observed;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((value: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    if (typeof onRejected !== 'function') return this.#follow(super.then(onFulfilled)) as Promise<Fulfilled>;
    this.#first.#observed = true;
    return super.then(onFulfilled, onRejected);
  }

  override finally(onFinally?: (() => void) | null): Promise<Result> {
    const first = this.#first.#observed;
    const next = super.finally(onFinally);
    // By itself it counts as hearing of the failure, which it only hands on.
    this.#first.#observed = first;
    return this.#follow(next);
  }

  /** As `then`, unnoticed. */
  whenEnded(onFulfilled: () => void, onRejected: (reason: unknown) => void): Promise<void> {
    return super.then(onFulfilled, onRejected);
  }

  /** Its failure is told by the first of them; unheard, it would end the process. */
  #follow<Next>(next: Promise<Next>): ObservedPromise<Next> {
    const following = new ObservedPromise<Next>((resolve) => resolve(next));
    following.#first = this.#first;
    void following.whenEnded(
      () => {},
      () => {},
    );
    return following;
  }
}
