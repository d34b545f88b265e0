/** The sends of one handler call on the buses, whether the handler awaits them or not. */
export class PendingSends {
  readonly #open = new Set<Promise<unknown>>();
  readonly #failures: { readonly call: ObservedPromise<unknown>; readonly error: unknown }[] = [];

  /**
   * Counts a call of a bus.
   *
   * @returns the promise for the handler, which records whether the handler observes its outcome
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

  /** True if no send is pending and none has failed. */
  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#failures.length === 0;
  }

  /**
   * Waits for all sends, including those that follow from them.
   *
   * @throws the first error that the handler did not observe: the handler has dealt with an error that it caught
   */
  async settle(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
    const ignored = this.#failures.find(({ call }) => !call.observed);
    if (ignored) throw ignored.error;
  }
}

/**
 * A promise that knows whether a rejection handler is attached. `await` and `Promise.all` call `then` as well. The
 * promises that `then` and `finally` return reject with it, so a handler of theirs counts as a handler of this one.
 */
class ObservedPromise<Result> extends Promise<Result> {
  #first: ObservedPromise<unknown> = this;
  #observed = false;

  // `super.then` returns a plain promise.
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
    // `finally` passes the rejection on, so it does not count as a handler.
    this.#first.#observed = first;
    return this.#follow(next);
  }

  /** Does what `then` does, but does not count as a handler. */
  whenEnded(onFulfilled: () => void, onRejected: (reason: unknown) => void): Promise<void> {
    return super.then(onFulfilled, onRejected);
  }

  /** Handles the rejection of a promise that follows, which would end the process: the first of them reports it. */
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
