import { Socket } from 'node:net';

/**
 * Number of pieces in one turn from which a connection is held back. One-byte pieces come in batches of ten thousand.
 */
const piecesPerTurn = 1024;

/**
 * A throttle for connections whose bodies arrive in very small pieces, each of which costs as much as a large one. Node
 * reads from one socket up to 32 times before it looks at the next one. The throttle reads from only one of them in
 * each turn of the event loop, however many there are.
 */
export class SmallPieces {
  readonly #waiting: (() => void)[] = [];

  /**
   * @param socket the socket of the body; anything else, as for an injected request, is never held back
   * @returns a function to call for each piece of the body
   */
  counterOf(socket: unknown): () => void {
    let pieces = 0;
    return () => {
      pieces += 1;
      if (pieces !== piecesPerTurn || !(socket instanceof Socket)) return;
      const { resume } = socket;
      socket.pause();
      // Node resumes the socket each time the body's buffered bytes have been read.
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
