import type { IncomingMessage } from 'node:http';
import { LittoralError } from '../../errors.ts';
import { announcedLength, BodyArrival, notAsAnnounced } from './body-arrival.ts';
import { BodyBuffer, bodyTooLarge } from './body-buffer.ts';
import type { BodyMemory } from './body-memory.ts';
import { BodyPace } from './body-pace.ts';
import { SmallPieces } from './small-pieces.ts';

/** The setting that limits the body of a request. */
export type BodyLimit = 'bodyLimit' | 'batchBodyLimit';

export interface BodyLimits {
  /** The largest body, in bytes. */
  readonly bodyLimit: number;
  /** The largest body of a batch, in bytes. */
  readonly batchBodyLimit: number;
  /** Maximum number of bytes of all request bodies in memory. */
  readonly maxInFlightBytes: number;
  /** Minimum pace of a body, after its first ten seconds. */
  readonly minBodyBytesPerSecond: number;
}

const held = Symbol('body');

/** A request with its body arrival. A WeakMap would cost the garbage collector more than the body does. */
interface Holding extends IncomingMessage {
  [held]?: BodyBuffer;
}

/** Releases the memory count of a request's body. The caller does so once nothing uses the body any more. */
export function releaseBody(request: Holding): void {
  request[held]?.release();
}

/** Returns the number of bytes of a request's body that were read, also if the body was refused. */
export function arrivedBytes(request: Holding): number {
  return request[held]?.arrived ?? 0;
}

/**
 * A reader of request bodies, with limits for each and for all together. The memory of a body is counted until
 * `releaseBody`.
 */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #memory: BodyMemory;
  readonly #pace: BodyPace<BodyArrival>;
  readonly #smallPieces = new SmallPieces();
  readonly #slow = new WeakSet<IncomingMessage>();

  constructor(limits: BodyLimits, memory: BodyMemory) {
    this.#limits = limits;
    this.#memory = memory;
    this.#pace = new BodyPace(limits.minBodyBytesPerSecond, (arrival) => this.#cutOff(arrival));
  }

  /**
   * Reads the body of a request. After a failure, further bytes are discarded as they arrive.
   *
   * @param begin called before the first byte is read, unless the body is refused
   * @param limit the setting that limits the body
   * @throws LittoralError `body-too-large`, `too-many-in-flight`, `request-timeout`, `malformed-request`
   */
  async read(request: Holding, begin: () => void, limit: BodyLimit = 'bodyLimit'): Promise<Buffer> {
    const maxBytes = this.#limits[limit];
    const announced = announcedLength(request);
    if (announced > maxBytes) throw bodyTooLarge(maxBytes, limit);
    if (request.destroyed) throw notAsAnnounced();
    // An announced length reserves nothing: a caller that announces much and sends nothing would lock out others.
    this.#memory.assertRoom(announced);
    begin();
    const buffer = new BodyBuffer(this.#memory, { maxBytes, limit, announced });
    request[held] = buffer;
    await this.#arrival(request, buffer);
    return buffer.finish();
  }

  /** Returns whether the body of a request was cut off because it was too slow. */
  wasTooSlow(request: IncomingMessage): boolean {
    return this.#slow.has(request);
  }

  /**
   * Discards the body of a request as it arrives, so that it uses no memory.
   *
   * @param onEnd called with the number of discarded bytes, at the end of the body and at the end of the request
   */
  discard(request: IncomingMessage, onEnd: (bytes: number) => void = () => {}): void {
    const count = this.#smallPieces.counterOf(request.socket);
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.byteLength;
      count();
    });
    const end = () => onEnd(bytes);
    request.once('end', end).once('close', end);
  }

  #arrival(request: IncomingMessage, buffer: BodyBuffer): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const count = this.#smallPieces.counterOf(request.socket);
      const arrival = new BodyArrival(request, buffer, count, (error) => {
        this.#pace.unwatch(arrival);
        if (error === undefined) resolve();
        else reject(error);
      });
      this.#pace.watch(arrival);
    });
  }

  #cutOff(arrival: BodyArrival): void {
    const { minBodyBytesPerSecond } = this.#limits;
    this.#slow.add(arrival.request);
    arrival.fail(
      new LittoralError(
        'request-timeout',
        `Nothing was sent: the body came more slowly than http.minBodyBytesPerSecond (${minBodyBytesPerSecond}) allows.`,
      ),
    );
  }
}
