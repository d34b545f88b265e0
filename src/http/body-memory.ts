import { LittoralError } from '../errors.ts';

/** Counts the memory that the bodies of all requests hold, from their first byte until their answer. */
export class BodyMemory {
  readonly #maxBytes: number;
  #used = 0;

  /** @param maxBytes `http.maxInFlightBytes` */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes are held. */
  get used(): number {
    return this.#used;
  }

  /** @throws LittoralError `too-many-in-flight` where so many bytes have no room now */
  assertRoom(bytes: number): void {
    if (this.#used + bytes <= this.#maxBytes) return;
    throw new LittoralError(
      'too-many-in-flight',
      `Nothing was sent: the bodies of other requests hold ${this.#used} of the ${this.#maxBytes} bytes that http.maxInFlightBytes allows. Repeat the request later.`,
    );
  }

  /** @throws LittoralError `too-many-in-flight`, and then nothing is taken */
  take(bytes: number): void {
    this.assertRoom(bytes);
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}
