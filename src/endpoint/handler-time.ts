/** The time that a call of a handler has, and the signal by which the handler hears of its end. */
export class HandlerTime {
  readonly #heard: Set<HandlerTime>;
  #controller: AbortController | undefined;
  #reason: unknown;
  #closed = false;

  /**
   * @param heard where it is noted once a handler asks for its signal: most do not
   * @param reason why it is over before it began
   */
  constructor(heard: Set<HandlerTime>, reason: Error | undefined) {
    this.#heard = heard;
    this.#reason = reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
      else if (!this.#closed) this.#heard.add(this);
    }
    return this.#controller.signal;
  }

  /** @param reason what a handler that passes the signal on fails with */
  end(reason: unknown): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** To be called when the handler has ended, however it did. */
  close(): void {
    this.#closed = true;
    this.#heard.delete(this);
  }

  /** Whether that is how a handler fails whose time is over: with the reason itself, or as the functions of Node do. */
  endedBy(error: unknown): boolean {
    if (this.#controller === undefined || !this.#controller.signal.aborted) return false;
    try {
      const { name, cause } = Object(error) as Partial<Error>;
      return error === this.#reason || name === 'AbortError' || cause === this.#reason;
    } catch {
      return false; // A proxy that was revoked.
    }
  }
}
