import type { Publisher } from '../engine/publication.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import { completesWithin } from '../time/timeout.ts';
import type { SendReceipt } from './send-receipt.ts';
import type { SendRequest } from './send-request.ts';

/** The outcome of one of several messages: the receipt, or the error that prevented it. */
export type SendResult =
  | { readonly receipt: SendReceipt; readonly error?: undefined }
  | { readonly error: unknown; readonly receipt?: undefined };

/** A message that was checked and whose recipients were found. */
export interface PreparedSend {
  /** The kind of the message and its key on the bus. */
  readonly route: string;
  /** Number of publishes that it takes. */
  readonly copies: number;
  /** Size of its body. */
  readonly bytes: number;
  /** Publishes it. The engine has it before the promise is returned. */
  readonly publish: () => Promise<SendReceipt>;
}

export interface OrderedBus {
  /** @throws LittoralError for a message that cannot be sent */
  readonly prepare: (request: SendRequest) => Promise<PreparedSend>;
  readonly channel: Pick<Publisher, 'hasRoomFor' | 'roomMade'>;
  /** Milliseconds that the messages wait altogether for other publishes to make room. Default: 30,000. */
  readonly roomWaitMs?: number;
}

/** A prepared message with its place in the list. */
type Place = PreparedSend & { readonly index: number };

/** Maximum number of messages that are published before their confirms arrive. */
const maxWindow = 256;

/** A body of this size needs no probe of the broker's limit. */
const ordinaryBytes = 64 * 1024;

/**
 * Sends messages in their order.
 *
 * @returns a result for each request. After an error that concerns the broker, no further message is sent
 */
export function sendInOrder(requests: readonly SendRequest[], bus: OrderedBus): Promise<readonly SendResult[]> {
  return new OrderedSends(bus).run(requests);
}

/**
 * The sends of one list. A window of messages is published in one turn, once there is room for all of them in flight, so
 * that none is refused and overtaken by the next. The first message of a route is published alone, and so is one that
 * is larger than those before, because the engine may have to ask the broker whether it permits such a message.
 */
class OrderedSends {
  readonly #bus: OrderedBus;
  readonly #results: SendResult[] = [];
  readonly #confirmedRoutes = new Set<string>();
  #confirmedBytes = ordinaryBytes;
  /** The first error that concerns the broker. */
  #failure: LittoralError | undefined;
  #roomWaitMs: number;

  constructor(bus: OrderedBus) {
    this.#bus = bus;
    this.#roomWaitMs = bus.roomWaitMs ?? 30_000;
  }

  async run(requests: readonly SendRequest[]): Promise<readonly SendResult[]> {
    let window: Place[] = [];
    const flush = async () => {
      await this.#publishAll(window);
      window = [];
    };
    for (const [index, request] of requests.entries()) {
      try {
        if (this.#failure) throw notSentAfter(this.#failure);
        const place = { ...(await this.#bus.prepare(request)), index };
        if (!this.#isKnown(place) || window.length === maxWindow) await flush();
        window.push(place);
        if (!this.#isKnown(place)) await flush();
      } catch (error) {
        // An error of the broker ends the sending, and the messages before this one are to be sent.
        if (isOfBroker(error)) await flush();
        this.#fail(index, error);
      }
    }
    await flush();
    return this.#results;
  }

  #isKnown({ route, bytes }: PreparedSend): boolean {
    return this.#confirmedRoutes.has(route) && bytes <= this.#confirmedBytes;
  }

  async #publishAll(window: readonly Place[]): Promise<void> {
    let rest = window;
    while (rest.length > 0 && this.#failure === undefined) {
      const count = this.#countWithRoom(rest);
      if (count === 0 && (await this.#isRoomMade())) continue;
      // Nothing is awaited between the answer that there is room and the calls. Without room, the first one is refused.
      const next = rest.slice(0, Math.max(1, count));
      await Promise.all(next.map((place) => this.#record(place, place.publish())));
      rest = rest.slice(next.length);
    }
    if (this.#failure) for (const { index } of rest) this.#fail(index, notSentAfter(this.#failure));
  }

  /** @returns false where the messages have waited too long */
  async #isRoomMade(): Promise<boolean> {
    const sinceMs = performance.now();
    const isMade = await completesWithin(this.#roomWaitMs, this.#bus.channel.roomMade());
    this.#roomWaitMs = Math.max(0, this.#roomWaitMs - (performance.now() - sinceMs));
    return isMade;
  }

  /** Returns how many of the next messages have room in flight. */
  #countWithRoom(places: readonly Place[]): number {
    let count = places.length;
    while (count > 0 && !this.#hasRoomFor(places.slice(0, count))) count >>= 1;
    return count;
  }

  #hasRoomFor(places: readonly Place[]): boolean {
    let [copies, bytes] = [0, 0];
    for (const place of places) {
      copies += place.copies;
      bytes += place.copies * place.bytes;
    }
    return this.#bus.channel.hasRoomFor(copies, bytes);
  }

  async #record({ index, route, bytes }: Place, call: Promise<SendReceipt>): Promise<void> {
    try {
      this.#results[index] = { receipt: await call };
      this.#confirmedRoutes.add(route);
      this.#confirmedBytes = Math.max(this.#confirmedBytes, bytes);
    } catch (error) {
      this.#fail(index, error);
    }
  }

  #fail(index: number, error: unknown): void {
    this.#results[index] = { error };
    if (isOfBroker(error)) this.#failure ??= error;
  }
}

/** Errors that the next message would get as well, some of them after a long time. */
const ofBroker: ReadonlySet<string> = new Set([
  ...['confirm-timeout', 'connection-lost', 'broker-unavailable', 'broker-blocked'],
  ...['write-refused', 'too-many-in-flight', 'draining', 'topology-mismatch'],
]);

function isOfBroker(error: unknown): error is LittoralError {
  return isLittoralError(error) && ofBroker.has(error.code);
}

function notSentAfter(failure: LittoralError): LittoralError {
  const code = failure.outcome === 'unknown' ? 'broker-unavailable' : failure.code;
  return new LittoralError(code, `Nothing was sent, because an earlier message failed: ${failure.message}`, {
    cause: failure,
  });
}
