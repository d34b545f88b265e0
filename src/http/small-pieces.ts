import { Socket } from 'node:net';

/** A body in pieces of a byte has ten thousand of them in what the kernel hands out at once. */
const piecesPerTurn = 1024;

/**
 * Holds back connections whose bodies come in very small pieces, each of which costs as much as a large one. Node reads
 * from one socket up to 32 times before it looks at the next one. Here only one of these is read from in each turn of the
 * event loop, however many there are.
 */
export class SmallPieces {
  readonly #waiting: (() => void)[] = [];

  /**
   * @param socket what the body comes from; anything else, as of a request that is injected, is never held back
   * @returns to be called for each piece of the body
   */
  counterOf(socket: unknown): () => void {
    let pieces = 0;
    return () => {
      pieces += 1;
      if (pieces !== piecesPerTurn || !(socket instanceof Socket)) return;
      const { resume } = socket;
      socket.pause();
      // Node resumes the socket whenever the body has been read so far.
      socket.resume = () => socket;
      this.#wait(() => {
        pieces = 0;
        socket.resume = resume;
        socket.resume();
      });
    };
  }

  #wait(goOn: () => void): void {
    this.#waiting.push(goOn);
    if (this.#waiting.length === 1) setImmediate(() => this.#next());
  }

  #next(): void {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#next());
  }
}
