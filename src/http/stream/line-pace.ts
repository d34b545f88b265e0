import { bodyGraceMs } from '../body/body-pace.ts';

export interface LinePaceOptions {
  /** `http.minBodyBytesPerSecond`: the minimum pace of a line, from its first byte to its end. */
  readonly minBytesPerSecond: number;
  /** Time that the rest of a line may take beyond what its length allows. Default: that of a body, 10 s. */
  readonly graceMs?: number;
}

/** The time that a stream waits for the rest of one line. Time that it spends on anything else does not count. */
export class LinePace {
  readonly #minBytesPerSecond: number;
  readonly #graceMs: number;
  /** The time since which the stream waits for the rest of a line; undefined while it waits for something else. */
  #since: number | undefined;
  /** Milliseconds of earlier waits for the rest of the same line. */
  #waitedMs = 0;

  constructor({ minBytesPerSecond, graceMs = bodyGraceMs }: LinePaceOptions) {
    this.#minBytesPerSecond = minBytesPerSecond;
    this.#graceMs = graceMs;
  }

  /** Notes that the stream begins to wait. */
  begin(): void {
    this.#since = performance.now();
  }

  /** Notes that the stream waits no more. @param pending number of bytes of the incomplete line so far */
  pause(pending: number): void {
    if (pending > 0 && this.#since !== undefined) this.#waitedMs += performance.now() - this.#since;
    this.#since = undefined;
  }

  /** Notes that the line is complete. */
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
