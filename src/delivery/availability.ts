import { Backoff } from './backoff.ts';

export type AvailabilityState = 'open' | 'trying' | 'closed';

const backoff = { firstMs: 200, longestMs: 5_000 };

/**
 * Says whether an application, or one of its paths, can be called. After it went away it is tried again, with pauses
 * that double from 0.2 to 5 s; the first call that gets an answer opens it.
 */
export class Availability {
  readonly #backoff = new Backoff(backoff.firstMs, backoff.longestMs);
  readonly #probe: () => Promise<string | undefined>;
  readonly #changed: () => void;
  #state: AvailabilityState = 'open';
  #reason: string | undefined;
  #awaySince: Date | undefined;
  /** True if only a call can show that it is back. */
  #needsCall = false;
  #hasEnded = false;

  /**
   * @param probe asks, before a call is tried, whether that is worth it. Returns the reason if it is not. Never rejects
   * @param changed called after each change of the state
   */
  constructor(probe: () => Promise<string | undefined>, changed: () => void) {
    this.#probe = probe;
    this.#changed = changed;
  }

  get state(): AvailabilityState {
    return this.#state;
  }

  /** The reason why it is not open. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** The time at which it went away; undefined while it is open. */
  get awaySince(): Date | undefined {
    return this.#awaySince;
  }

  /**
   * Notes that it takes no calls.
   *
   * @param needsCall true if only a call can show that it is back; otherwise a successful probe does
   */
  close(reason: string, needsCall = false): void {
    if (this.#hasEnded) return;
    this.#reason = reason;
    this.#needsCall ||= needsCall;
    if (this.#state === 'closed') return;
    this.#awaySince ??= new Date();
    this.#state = 'closed';
    this.#backoff.next(() => void this.#try());
    this.#changed();
  }

  /** Notes that a call got an answer. */
  open(): void {
    if (this.#state === 'open') return;
    this.#backoff.reset();
    this.#state = 'open';
    this.#reason = undefined;
    this.#awaySince = undefined;
    this.#needsCall = false;
    this.#changed();
  }

  /** Ends the trying. */
  end(): void {
    this.#hasEnded = true;
    this.#backoff.reset();
  }

  async #try(): Promise<void> {
    const reason = await this.#probe();
    // A call that began before may have had an answer in the meantime.
    if (this.#hasEnded || this.#state !== 'closed') return;
    if (reason !== undefined) {
      this.#reason = reason;
      this.#backoff.next(() => void this.#try());
      return;
    }
    if (!this.#needsCall) return this.open();
    this.#state = 'trying';
    this.#changed();
  }
}
