import { LittoralError } from '../../errors.ts';

/** A count of the memory of all request bodies, from their first byte until their answer, and of answers to batches. */
export class BodyMemory {
  readonly #maxBytes: number;
  #used = 0;

  /** @param maxBytes `http.maxInFlightBytes` */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Returns the number of bytes in use. */
  get used(): number {
    return this.#used;
  }

  /** Throws if there is no room for so many bytes. @throws LittoralError `too-many-in-flight` */
  assertRoom(bytes: number): void {
    if (this.#used + bytes <= this.#maxBytes) return;
    throw new LittoralError(
      'too-many-in-flight',
      `Nothing was sent: the bodies of other requests hold ${this.#used} of the ${this.#maxBytes} bytes that http.maxInFlightBytes allows. Repeat the request later.`,
    );
  }

  /** Reserves bytes. @throws LittoralError `too-many-in-flight`, with nothing reserved */
  take(bytes: number): void {
    this.assertRoom(bytes);
    this.#used += bytes;
  }

  /** Counts bytes that are in memory already, even beyond the maximum. Less room remains for later bodies. */
  add(bytes: number): void {
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}
