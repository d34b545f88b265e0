import { LittoralError } from '../../errors.ts';

/** A stream that can be asked to end. */
interface EndingStream {
  end(): void;
}

/** The streams of a gateway, of which it serves a limited number at a time. */
export class OpenStreams {
  readonly #maxStreams: number;
  readonly #open = new Set<EndingStream>();

  /** @param maxStreams `http.maxStreams` */
  constructor(maxStreams: number) {
    this.#maxStreams = maxStreams;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws LittoralError `too-many-in-flight` */
  assertRoom(): void {
    if (this.#open.size < this.#maxStreams) return;
    throw new LittoralError(
      'too-many-in-flight',
      `Nothing was sent: this gateway serves ${this.#maxStreams} streams (http.maxStreams) already. Repeat the request later.`,
    );
  }

  /** Counts a stream. @returns a function to call when it has ended */
  add(stream: EndingStream): () => void {
    this.#open.add(stream);
    return () => void this.#open.delete(stream);
  }

  /** Asks all streams to end: they read no further entries, and answer those that they have read. */
  endAll(): void {
    for (const stream of this.#open) stream.end();
  }
}
