import type { IncomingMessage } from 'node:http';
import { LittoralError } from '../errors.ts';
import { announcedLength, BodyArrival, notAsAnnounced } from './body-arrival.ts';
import { BodyBuffer, bodyTooLarge } from './body-buffer.ts';
import { BodyMemory } from './body-memory.ts';
import { BodyPace } from './body-pace.ts';
import { SmallPieces } from './small-pieces.ts';

export interface BodyLimits {
  /** The largest body, in bytes. */
  readonly bodyLimit: number;
  /** How many bytes the bodies of all requests may hold. */
  readonly maxInFlightBytes: number;
  /** How fast a body has to come, beyond its first ten seconds. */
  readonly minBodyBytesPerSecond: number;
}

const held = Symbol('body');

/** A request with what it holds. A WeakMap beside it would cost the garbage collector more than the body does. */
interface Holding extends IncomingMessage {
  [held]?: BodyBuffer;
}

/** Ends the count of a request's body. To be called when nothing works with the body any more. */
export function releaseBody(request: Holding): void {
  request[held]?.release();
}

/**
 * Reads the bodies of requests, within bounds for one and for all together. What a body holds is counted until
 * `releaseBody`.
 */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #memory: BodyMemory;
  readonly #pace: BodyPace<BodyArrival>;
  readonly #smallPieces = new SmallPieces();
  readonly #slow = new WeakSet<IncomingMessage>();

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.#memory = new BodyMemory(limits.maxInFlightBytes);
    this.#pace = new BodyPace(limits.minBodyBytesPerSecond, (arrival) => this.#cutOff(arrival));
  }

  /**
   * Reads the body of a request. What comes after a failure is thrown away as it comes.
   *
   * @param begin called before the first byte is read, once nothing speaks against the body
   * @throws LittoralError `body-too-large`, `too-many-in-flight`, `request-timeout`, `malformed-request`
   */
  async read(request: Holding, begin: () => void): Promise<Buffer> {
    const { bodyLimit } = this.#limits;
    const announced = announcedLength(request);
    if (announced > bodyLimit) throw bodyTooLarge(bodyLimit);
    if (request.destroyed) throw notAsAnnounced();
    // Nothing is kept free for what is only announced: a caller that announces much and sends nothing would lock out others.
    this.#memory.assertRoom(announced);
    begin();
    const buffer = new BodyBuffer(this.#memory, bodyLimit, announced);
    request[held] = buffer;
    await this.#arrival(request, buffer);
    return buffer.finish();
  }

  /** Whether the body of a request was cut off because it came too slowly. */
  wasTooSlow(request: IncomingMessage): boolean {
    return this.#slow.has(request);
  }

  /** Throws the body of a request away as it comes, so that none of it waits in memory. */
  discard(request: IncomingMessage): void {
    request.on('data', this.#smallPieces.counterOf(request.socket));
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
