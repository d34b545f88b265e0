import { bodyGraceMs } from '../body/body-pace.ts';

export interface LinePaceOptions {
  /** `http.minBodyBytesPerSecond`: the minimum pace of a line, from its first byte to its end. */
  readonly minBytesPerSecond: number;
  /** Time that the rest of a line may take in addition to the time for its length. Default: 10 s, as for a body. */
  readonly graceMs?: number;
}

/** Measures the time that a stream waits for the rest of one line. Time for other work does not count. */
export class LinePace {
  readonly #minBytesPerSecond: number;
  readonly #graceMs: number;
  /** The time at which the stream began to wait for the rest of a line; undefined while it does not wait for one. */
  #since: number | undefined;
  /** Milliseconds of earlier waits for the same line. */
  #waitedMs = 0;

  constructor({ minBytesPerSecond, graceMs = bodyGraceMs }: LinePaceOptions) {
    this.#minBytesPerSecond = minBytesPerSecond;
    this.#graceMs = graceMs;
  }

  /** Starts the measurement of a wait. */
  begin(): void {
    this.#since = performance.now();
  }

  /** Ends the measurement of a wait. @param pending number of bytes of the incomplete line so far */
  pause(pending: number): void {
    if (pending > 0 && this.#since !== undefined) this.#waitedMs += performance.now() - this.#since;
    this.#since = undefined;
  }

  /** Resets the time, because the line is complete. */
  restart(): void {
    this.#waitedMs = 0;
  }

  /**
   * Returns whether the rest of a line has taken too long.
   *
   * @param pending number of bytes of the incomplete line so far
   */
  isTooSlow(pending: number): boolean {
    if (pending === 0 || this.#since === undefined) return false;
    const allowedMs = this.#graceMs + (pending / this.#minBytesPerSecond) * 1000;
    return this.#waitedMs + performance.now() - this.#since > allowedMs;
  }
}
