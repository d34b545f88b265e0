import type { Publisher } from '../engine/publication.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import type { MaybePromise } from '../promise/maybe-promise.ts';
import { completesWithin } from '../time/timeout.ts';
import type { SendReceipt } from './send-receipt.ts';
import type { SendRequest } from './send-request.ts';
import { SendWindow } from './send-window.ts';

/** The outcome of one of several messages: the receipt, or the error that prevented it. */
export type SendResult =
  | { readonly receipt: SendReceipt; readonly error?: undefined }
  | { readonly error: unknown; readonly receipt?: undefined };

/** A checked message whose recipients are known. */
export interface PreparedSend {
  /** The kind of the message and its key on the bus. */
  readonly route: string;
  /** Number of publishes that the message needs. */
  readonly copies: number;
  /** Size of its body. */
  readonly bytes: number;
  /** Returns whether the engine writes the message at once, so that no later one overtakes it. Default: unknown. */
  readonly isImmediate?: () => boolean;
  /** Publishes the message. The engine has it before the promise is returned. */
  readonly publish: () => Promise<SendReceipt>;
  /** Called instead of `publish` with the reason why the message is not published. */
  readonly drop?: (error: unknown) => void;
}

export interface OrderedBus {
  /** @throws LittoralError for a message that cannot be sent */
  readonly prepare: (request: SendRequest) => MaybePromise<PreparedSend>;
  readonly channel: Pick<Publisher, 'hasRoomFor' | 'roomMade'>;
  /** Shared with the other senders of the channel. Default: one of its own. */
  readonly window?: SendWindow | undefined;
  /** Total time that the messages wait for other publishes to make room, in milliseconds. Default: 30,000. */
  readonly roomWaitMs?: number;
  /** True to continue after an error of the broker, and to wait for room without a limit. Default: false. */
  readonly goesOn?: boolean;
}

/** Maximum wait for room before the first message. After it nothing is sent, so that the caller knows soon. */
const firstRoomWaitMs = 5_000;

/** Maximum size of a body that needs no probe of the broker's limit. */
const ordinaryBytes = 64 * 1024;

const maxRemembered = 1_000;

/**
 * Sends messages in order, many of them before the first confirm. Each message waits until there is room for it in
 * flight, so that none is refused and overtaken by the next. If the engine may have to ask the broker about a message,
 * the message is published alone. This concerns the first message of a route, and one that is larger than all before.
 */
export class OrderedSends {
  readonly #bus: OrderedBus;
  readonly #window: SendWindow;
  readonly #confirmedRoutes = new Set<string>();
  #confirmedBytes = ordinaryBytes;
  /** The first error of the broker. */
  #failure: LittoralError | undefined;
  #roomWaitMs: number;
  #hasPublished = false;
  /** Number of messages that wait for their confirm. */
  #open = 0;
  #whenEnded: (() => void) | undefined;

  constructor(bus: OrderedBus) {
    this.#bus = bus;
    this.#window = bus.window ?? new SendWindow();
    this.#roomWaitMs = bus.roomWaitMs ?? 30_000;
  }

  /**
   * Sends a message after all earlier ones. The caller must not call it again before the promise has resolved.
   *
   * @param onResult called once with the outcome, before or after the promise resolves
   * @returns a promise if the next message cannot be sent before it resolves
   */
  push(request: SendRequest, onResult: (result: SendResult) => void): MaybePromise<void> {
    if (this.#failure) return onResult({ error: notSentAfter(this.#failure) });
    let prepared: MaybePromise<PreparedSend>;
    try {
      prepared = this.#bus.prepare(request);
    } catch (error) {
      return onResult(this.#failed(error));
    }
    if (!(prepared instanceof Promise)) return this.publish(prepared, onResult);
    return prepared.then(
      (ready) => this.publish(ready, onResult),
      (error) => onResult(this.#failed(error)),
    );
  }

  /** Sends a prepared message, as `push` does. */
  publish(prepared: PreparedSend, onResult: (result: SendResult) => void): MaybePromise<void> {
    const isKnown = this.#isKnown(prepared);
    if (this.#failure || !this.#canPublish(prepared, isKnown)) return this.#publishLater(prepared, onResult);
    const ended = this.#publishNow(prepared, onResult);
    return isKnown ? undefined : ended;
  }

  async #publishLater(prepared: PreparedSend, onResult: (result: SendResult) => void): Promise<void> {
    const isKnown = await this.#untilRoom(prepared);
    if (this.#failure) return onResult(dropped(prepared, notSentAfter(this.#failure)));
    const ended = this.#publishNow(prepared, onResult);
    if (!isKnown) await ended;
  }

  #publishNow(prepared: PreparedSend, onResult: (result: SendResult) => void): Promise<void> {
    this.#hasPublished = true;
    if (this.#open === 0) this.#window.enter();
    this.#open += 1;
    return prepared.publish().then(
      (receipt) => {
        this.#remember(prepared);
        this.#end(onResult, { receipt });
      },
      (error) => this.#end(onResult, this.#failed(error)),
    );
  }

  /** Resolves when every message has its outcome. */
  async settle(): Promise<void> {
    while (this.#open > 0) await this.#nextEnd();
  }

  /**
   * Resolves when a message can be published. The caller must publish it before it waits for anything else.
   *
   * @returns whether the next message may follow before the confirm
   */
  async #untilRoom(prepared: PreparedSend): Promise<boolean> {
    while (!this.#failure) {
      const isKnown = this.#isKnown(prepared);
      if (this.#canPublish(prepared, isKnown)) return isKnown;
      if (!this.#hasPlace(isKnown)) await this.#nextEnd();
      // If there is no room, the message is refused.
      else if (!(await this.#isRoomMade())) return isKnown;
    }
    return false;
  }

  #canPublish({ copies, bytes }: PreparedSend, isKnown: boolean): boolean {
    return this.#hasPlace(isKnown) && this.#bus.channel.hasRoomFor(copies, copies * bytes);
  }

  #hasPlace(isKnown: boolean): boolean {
    return this.#open === 0 || (isKnown && this.#open < this.#window.share);
  }

  #isKnown(prepared: PreparedSend): boolean {
    if (prepared.isImmediate) return prepared.isImmediate();
    return prepared.bytes <= this.#confirmedBytes && this.#confirmedRoutes.has(prepared.route);
  }

  #remember({ route, bytes, isImmediate }: PreparedSend): void {
    if (bytes > this.#confirmedBytes) this.#confirmedBytes = bytes;
    // The engine itself knows these routes.
    if (isImmediate !== undefined || this.#confirmedRoutes.has(route)) return;
    if (this.#confirmedRoutes.size >= maxRemembered) this.#confirmedRoutes.clear();
    this.#confirmedRoutes.add(route);
  }

  #end(onResult: (result: SendResult) => void, result: SendResult): void {
    this.#open -= 1;
    if (this.#open === 0) this.#window.leave();
    onResult(result);
    this.#whenEnded?.();
  }

  #nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenEnded = resolve;
    });
  }

  /** @returns false if the messages have waited too long */
  async #isRoomMade(): Promise<boolean> {
    const made = this.#bus.channel.roomMade();
    if (this.#bus.goesOn) {
      await made;
      return true;
    }
    const sinceMs = performance.now();
    const waitMs = this.#hasPublished ? this.#roomWaitMs : Math.min(this.#roomWaitMs, firstRoomWaitMs);
    const isMade = await completesWithin(waitMs, made);
    this.#roomWaitMs = Math.max(0, this.#roomWaitMs - (performance.now() - sinceMs));
    return isMade;
  }

  #failed(error: unknown): SendResult {
    if (!this.#bus.goesOn && isOfBroker(error)) this.#failure ??= error;
    return { error };
  }
}

/** Drops a prepared message. @returns its result */
export function dropped({ drop }: PreparedSend, error: unknown): { readonly error: unknown } {
  drop?.(error);
  return { error };
}

/** Errors that the next message would also get, some of them after a long time. */
const ofBroker: ReadonlySet<string> = new Set([
  ...['confirm-timeout', 'connection-lost', 'broker-unavailable', 'broker-blocked'],
  ...['write-refused', 'too-many-in-flight', 'draining', 'topology-mismatch'],
]);

/** Returns whether an error concerns the broker and not one message. */
export function isOfBroker(error: unknown): error is LittoralError {
  return isLittoralError(error) && ofBroker.has(error.code);
}

function notSentAfter(failure: LittoralError): LittoralError {
  const code = failure.outcome === 'unknown' ? 'broker-unavailable' : failure.code;
  return new LittoralError(code, `Nothing was sent, because an earlier message failed: ${failure.message}`, {
    cause: failure,
  });
}
