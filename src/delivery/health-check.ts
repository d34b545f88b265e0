import { errorText } from '../text/error-chain.ts';
import type { Answer } from './http-exchange.ts';
import { NotReached } from './request-failures.ts';

/** How the health of an application is watched. */
export interface HealthSettings {
  /** The path that answers 2xx while the application can take messages. */
  readonly path: string;
  /** Milliseconds between two requests. */
  readonly intervalMs: number;
  /** Milliseconds after which a request counts as failed. */
  readonly timeoutMs: number;
  /** Number of failures in a row after which the application counts as away. */
  readonly threshold: number;
}

/** Asks an application for its health, again and again. */
export class HealthCheck {
  readonly #get: (path: string, timeoutMs: number) => Promise<Answer>;
  readonly #settings: HealthSettings;
  readonly #report: (reason: string | undefined) => void;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isRunning = false;

  /**
   * @param get gets a path of the application
   * @param report called with the reason when the application is not healthy, and with undefined when it is
   */
  constructor(
    get: (path: string, timeoutMs: number) => Promise<Answer>,
    settings: HealthSettings,
    report: (reason: string | undefined) => void,
  ) {
    this.#get = get;
    this.#settings = settings;
    this.#report = report;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#schedule();
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  /** Asks once. @returns the reason why the application is not healthy; undefined if it is */
  async ask(): Promise<string | undefined> {
    const { path, timeoutMs } = this.#settings;
    try {
      const { status } = await this.#get(path, timeoutMs);
      return status >= 200 && status < 300 ? undefined : `its health check ${path} answered ${status}`;
    } catch (error) {
      const cause = error instanceof NotReached ? error.cause : error;
      return `its health check ${path} failed: ${errorText(cause)}`;
    }
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#check(), this.#settings.intervalMs).unref();
  }

  async #check(): Promise<void> {
    const reason = await this.ask();
    if (!this.#isRunning) return;
    this.#failures = reason === undefined ? 0 : this.#failures + 1;
    if (reason === undefined) this.#report(undefined);
    else if (this.#failures >= this.#settings.threshold) this.#report(reason);
    this.#schedule();
  }
}
