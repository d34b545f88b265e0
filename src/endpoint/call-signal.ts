import type { TurnoverSet } from '../collection/turnover-set.ts';

/** The abort signal of one call of a handler. It is created when the handler asks for it: most do not. */
export class CallSignal {
  readonly #watched: TurnoverSet<CallSignal>;
  #controller: AbortController | undefined;
  #reason: unknown;
  #closed = false;

  /**
   * @param watched the signals to abort at the shutdown. This one is added once the handler asks for it
   * @param reason of a shutdown that began before the call
   */
  constructor(watched: TurnoverSet<CallSignal>, reason: Error | undefined) {
    this.#watched = watched;
    this.#reason = reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
      else if (!this.#closed) this.#watched.add(this);
    }
    return this.#controller.signal;
  }

  /** @param reason the error of a handler that passes the signal on */
  abort(reason: unknown): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** Ends the watching: the handler has ended. */
  close(): void {
    this.#closed = true;
    this.#watched.delete(this);
  }

  /** Returns whether a handler failed because its signal was aborted: with the reason, or as the functions of Node do. */
  hasCaused(error: unknown): boolean {
    if (this.#controller === undefined || !this.#controller.signal.aborted) return false;
    try {
      const { name, cause } = Object(error) as Partial<Error>;
      return error === this.#reason || name === 'AbortError' || cause === this.#reason;
    } catch {
      return false; // A proxy that was revoked.
    }
  }
}
