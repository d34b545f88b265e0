import type { IncomingMessage } from 'node:http';
import { LittoralError } from '../errors.ts';
import type { BodyBuffer } from './body-buffer.ts';
import type { PacedBody } from './body-pace.ts';

/**
 * The arrival of one body, from its first piece to its end. What comes after a failure is thrown away as it comes.
 *
 * Its fields are those of a class and not of an object with a getter of its own: V8 makes a hidden class for each of
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
   * @param onOver called once: without an error when the body is whole
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
    // Every request is closed in the end, and an error takes a while to make.
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

/** Node has checked that it is a number; 0 where there is none. */
export function announcedLength({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** Of a body whose connection ended too early, or that was injected with the length of another. */
export function notAsAnnounced(cause?: unknown): LittoralError {
  const detail = 'Nothing was sent: the body did not arrive whole, or is longer than its Content-Length.';
  return new LittoralError('malformed-request', detail, { cause });
}
