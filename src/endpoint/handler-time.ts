/** The time that a call of a handler has, as the signal by which the handler hears of its end. */
export class HandlerTime {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  /** Made when a handler asks for it: most do not. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** @param reason what a handler that passes the signal on fails with */
  end(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** Whether that is how a handler ends whose time is over: by the reason itself, or as the functions of Node do. */
  endedBy(error: unknown): boolean {
    if (this.#reason === undefined || this.#controller === undefined) return false;
    try {
      const { name, cause } = Object(error) as Partial<Error>;
      return error === this.#reason || name === 'AbortError' || cause === this.#reason;
    } catch {
      return false; // A proxy that was revoked.
    }
  }
}
