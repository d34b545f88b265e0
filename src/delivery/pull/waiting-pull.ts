import type { DeliveryStatus } from '../../parameter/parameter-converter.ts';

/** A message that its handler was called with, and that no lease has yet. */
export interface PulledMessage {
  readonly endpointId: string;
  /** The message as JSON, an object without its lease. */
  readonly json: string;
  readonly delivery: DeliveryStatus | undefined;
  /** Ends the call of the handler. Without an error, the message was handled. */
  readonly end: (error?: Error) => void;
}

export interface PullRequest {
  /** Maximum number of messages. */
  readonly max: number;
  /** Milliseconds to wait for the first message. A shorter wait than a broker takes to deliver is as long as that. */
  readonly waitMs: number;
  /** Milliseconds of the leases. */
  readonly leaseMs: number;
  /** The only endpoint whose messages are wanted. Default: all. */
  readonly endpoint?: string | undefined;
}

/** Shortest wait, in milliseconds: messages in the queue of a broker are found by then. */
const shortestWaitMs = 100;

/** Time after the first message in which further ones join it, in milliseconds. */
const gatheringMs = 20;

/** Size of an answer from which no message joins it, in bytes. */
const largeBytes = 8 * 1024 * 1024;

type OnAnswer = (pull: WaitingPull, messages: readonly PulledMessage[]) => void;

/** A pull that waits for messages. */
export class WaitingPull {
  readonly request: PullRequest;
  readonly #onAnswer: OnAnswer;
  readonly #messages: PulledMessage[] = [];
  #bytes = 0;
  /** Number of messages that are on their way to this pull. */
  #reserved = 0;
  #isClosed = false;
  #timer: NodeJS.Timeout;

  /** @param onAnswer called once, with what has come until the end of the wait */
  constructor(request: PullRequest, onAnswer: OnAnswer) {
    this.request = request;
    this.#onAnswer = onAnswer;
    this.#timer = setTimeout(() => this.answer(), Math.max(shortestWaitMs, request.waitMs)).unref();
  }

  /** Number of further messages that it takes. */
  get room(): number {
    if (this.#isClosed || this.#bytes >= largeBytes) return 0;
    return this.request.max - this.#messages.length - this.#reserved;
  }

  /** Returns whether it takes messages of an endpoint. */
  takes(endpointId: string): boolean {
    const { endpoint } = this.request;
    return endpoint === undefined || endpoint === endpointId;
  }

  reserve(): void {
    this.#reserved += 1;
  }

  /** Ends a reservation. @returns whether the pull is still open */
  redeem(): boolean {
    this.#reserved -= 1;
    return !this.#isClosed;
  }

  /** Takes a message. @returns false if there is no room for it */
  take(message: PulledMessage): boolean {
    const bytes = Buffer.byteLength(message.json);
    if (this.#isClosed) return false;
    if (this.#messages.length > 0 && this.#bytes + bytes > largeBytes) {
      this.answer();
      return false;
    }
    this.#messages.push(message);
    this.#bytes += bytes;
    if (this.#messages.length >= this.request.max || this.#bytes >= largeBytes) this.answer();
    else if (this.#messages.length === 1) this.#gather();
    return true;
  }

  /** Ends the wait, with what has come. */
  answer(): void {
    if (this.#isClosed) return;
    this.#onAnswer(this, this.close());
  }

  /** Ends the wait without an answer. @returns the messages that it had */
  close(): readonly PulledMessage[] {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    return this.#messages.splice(0);
  }

  #gather(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.answer(), gatheringMs).unref();
  }
}
