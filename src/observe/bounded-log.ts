import type { Logger } from '../logger.ts';

export interface BoundedLogOptions {
  readonly logger: Logger;
  /** Maximum number of lines of each kind within a window. Default: 10. */
  readonly limit?: number;
  /** Length of a window in milliseconds. Default: one minute. */
  readonly windowMs?: number;
}

/** Maximum number of kinds within a window; more share one. */
const mostKinds = 100;

interface Window {
  written: number;
  suppressed: number;
}

/**
 * A log of events that callers can cause in any number. Of each kind it writes a limited number of lines within a
 * window, and at the end of the window one line with the number of the others.
 */
export class BoundedLog {
  readonly #logger: Logger;
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #windows = new Map<string, Window>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ logger, limit = 10, windowMs = 60_000 }: BoundedLogOptions) {
    this.#logger = logger;
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /**
   * Logs an event, unless its kind has reached the limit.
   *
   * @param kind a word such as the code of an error; its lines are counted together
   * @param fields computed only for a line that is written
   */
  write(level: 'debug' | 'info' | 'warn' | 'error', kind: string, fields: () => object, event: string): void {
    if (!this.#logger.isLevelEnabled(level)) return;
    const window = this.#windowOf(kind);
    if (window.written >= this.#limit) {
      window.suppressed += 1;
      return;
    }
    window.written += 1;
    this.#logger[level](fields(), event);
  }

  #windowOf(kind: string): Window {
    const name = this.#windows.has(kind) || this.#windows.size < mostKinds ? kind : 'other';
    let window = this.#windows.get(name);
    if (window === undefined) {
      window = { written: 0, suppressed: 0 };
      this.#windows.set(name, window);
      this.#timer ??= setTimeout(() => this.#end(), this.#windowMs).unref();
    }
    return window;
  }

  #end(): void {
    this.#timer = undefined;
    for (const [kind, { suppressed }] of this.#windows) {
      if (suppressed > 0) this.#logger.warn({ kind, suppressed }, 'events of one kind were not logged: too many');
    }
    this.#windows.clear();
  }
}
