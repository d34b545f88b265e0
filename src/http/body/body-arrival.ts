import type { IncomingMessage } from 'node:http';
import { LittoralError } from '../../errors.ts';
import type { BodyBuffer } from './body-buffer.ts';
import type { PacedBody } from './body-pace.ts';

/**
 * The arrival of one body, from its first piece to its end. After a failure, further bytes are discarded as they arrive.
 *
 * It is a class and not an object literal with a getter, because V8 creates a hidden class for each of
 * those, which keeps the request alive until the next long garbage collection.
 */
export class BodyArrival implements PacedBody {
  readonly startedAt = performance.now();
  place = 0;
  readonly request: IncomingMessage;
  readonly #buffer: BodyBuffer;
  readonly #onOver: (error?: LittoralError) => void;
  #isOver = false;

  /**
   * @param count called for each piece
   * @param onOver called once, without an error if the body is complete
   */
  constructor(
    request: IncomingMessage,
    buffer: BodyBuffer,
    count: () => void,
    onOver: (error?: LittoralError) => void,
  ) {
    this.request = request;
    this.#buffer = buffer;
    this.#onOver = onOver;
    request.on('data', (piece: Buffer) => {
      count();
      if (!this.#isOver) this.#onPiece(piece);
    });
    request.on('end', () => this.#onEnd());
    request.on('error', (cause) => this.#onLost(cause));
    request.on('close', () => this.#onLost());
    request.resume();
  }

  get length(): number {
    return this.#buffer.length;
  }

  /** Ends the arrival without a body. */
  fail(error: LittoralError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#buffer.release();
    this.#onOver(error);
  }

  #onPiece(piece: Buffer): void {
    try {
      this.#buffer.append(piece);
    } catch (error) {
      this.fail(error as LittoralError);
    }
  }

  #onLost(cause?: unknown): void {
    // Every request is closed in the end, and creating an error is slow.
    if (!this.#isOver) this.fail(notAsAnnounced(cause));
  }

  #onEnd(): void {
    const announced = announcedLength(this.request);
    if (announced > 0 && this.length !== announced) this.fail(notAsAnnounced());
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }
}

/** Returns the Content-Length, or 0 if there is none. Node has checked that it is a number. */
export function announcedLength({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** Returns the error for a body whose connection ended too early, or that was injected with a wrong length. */
export function notAsAnnounced(cause?: unknown): LittoralError {
  const detail = 'Nothing was sent: the body is incomplete, or longer than its Content-Length.';
  return new LittoralError('malformed-request', detail, { cause });
}
