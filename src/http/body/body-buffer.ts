import { LittoralError } from '../../errors.ts';
import type { BodyMemory } from './body-memory.ts';

const empty: Buffer = Buffer.alloc(0);

/** Minimum capacity for the first piece of a body, if more may follow. */
const smallestCapacity = 256;

export interface BodyBufferOptions {
  readonly maxBytes: number;
  /** The name of the setting that limits it. Default: bodyLimit. */
  readonly limit?: string;
  /** The length that the caller has announced, or 0. */
  readonly announced: number;
}

/**
 * The body of one request while it arrives: a single buffer that grows, however small the pieces are. It uses at most
 * twice the bytes that have arrived, whatever length the caller has announced.
 */
export class BodyBuffer {
  readonly #memory: BodyMemory;
  readonly #maxBytes: number;
  readonly #limit: string;
  readonly #announced: number;
  #bytes = empty;
  #length = 0;
  #arrived = 0;

  constructor(memory: BodyMemory, { maxBytes, limit = 'bodyLimit', announced }: BodyBufferOptions) {
    this.#memory = memory;
    this.#maxBytes = maxBytes;
    this.#limit = limit;
    this.#announced = announced;
  }

  /** Returns the number of bytes that it holds. */
  get length(): number {
    return this.#length;
  }

  /** Returns the number of bytes that have arrived, also if they were refused. */
  get arrived(): number {
    return this.#arrived;
  }

  /**
   * Appends a piece.
   *
   * @throws LittoralError `body-too-large`, or `too-many-in-flight` if bodies may use no more memory
   */
  append(piece: Uint8Array): void {
    this.#arrived += piece.length;
    const length = this.#length + piece.length;
    if (length > this.#maxBytes) throw bodyTooLarge(this.#maxBytes, this.#limit);
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** Returns the body. Releases the unused capacity. */
  finish(): Buffer {
    if (this.#length < this.#bytes.length) {
      const excess = this.#bytes.length - this.#length;
      this.#bytes = Buffer.from(this.#bytes.subarray(0, this.#length));
      this.#memory.release(excess);
    }
    return this.#bytes;
  }

  /** Releases the memory. Safe to call again. */
  release(): void {
    this.#memory.release(this.#bytes.length);
    this.#bytes = empty;
    this.#length = 0;
  }

  #grow(length: number): void {
    const wanted = Math.max(length, 2 * this.#bytes.length, smallestCapacity);
    // Node's parser ends a body at its announced length; only an injected body can be longer.
    const capacity = Math.max(length, Math.min(wanted, this.#announced || this.#maxBytes));
    this.#memory.take(capacity - this.#bytes.length);
    const grown = Buffer.allocUnsafe(capacity);
    if (this.#length > 0) grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** @param limit the name of the setting */
export function bodyTooLarge(maxBytes: number, limit: string): LittoralError {
  return new LittoralError('body-too-large', `The body is larger than http.${limit} (${maxBytes} bytes) allows.`);
}
