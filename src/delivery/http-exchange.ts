import type { Deadline, DeadlineTimer } from '../time/deadline-timer.ts';
import { NoAnswer, NotReached } from './request-failures.ts';

/** The answer of an application. Only the beginning of a long body is read. */
export interface Answer {
  readonly status: number;
  /** The header fields, by their names in lower case. A repeated field is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, or its first 64 KiB. */
  readonly body: Uint8Array;
}

/** Maximum number of bytes that are read of an answer's body. */
export const maxAnswerBytes = 64 * 1024;

const noBytes = new Uint8Array();

/** Statuses whose answers have no body, whatever their headers say (RFC 9112 section 6.3). */
const withoutBody: ReadonlySet<number> = new Set([204, 304]);

const hasAnswered = Symbol('has answered');

/** A connection. */
interface Connection {
  /** Number of bytes that have come over it. */
  readonly bytesRead: number;
  /** Set once a complete answer has come over it. */
  [hasAnswered]?: true;
}

/** Ends a request before its answer is complete. */
interface RequestController {
  abort(reason: Error): void;
}

/** One request and its answer. The client calls its methods. */
export class HttpExchange {
  /** The exchange whose request is being written. */
  static #starting: HttpExchange | undefined;
  readonly answer: Promise<Answer>;
  #resolve: (answer: Answer) => void = () => {};
  #reject: (error: Error) => void = () => {};
  readonly #timer: DeadlineTimer;
  readonly #deadline: Deadline;
  #controller: RequestController | undefined;
  #connection: Connection | undefined;
  #bytesBefore = 0;
  #isWritten = false;
  #isGivenUp = false;
  #status = 0;
  #headers: Answer['headers'] = {};
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(timer: DeadlineTimer, timeoutMs: number) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = timer;
    this.#deadline = timer.begin(() => this.#giveUp(timeoutMs));
  }

  /** Notes the connection of the request that is being written. The client calls it after `onRequestStart`. */
  static noteConnection(connection: Connection): void {
    const exchange = HttpExchange.#starting;
    HttpExchange.#starting = undefined;
    if (exchange === undefined) return;
    exchange.#connection = connection;
    exchange.#bytesBefore = connection.bytesRead;
  }

  /** Milliseconds until the request times out. */
  get leftMs(): number {
    return this.#deadline.dueAt - performance.now();
  }

  /** Closes the connection. Rejects with NoAnswer, or with NotReached if there is no connection yet. */
  #giveUp(timeoutMs: number): void {
    const late = new Error(`no answer within ${timeoutMs} ms`);
    this.#isGivenUp = true;
    // The client may still wait for a connection. It must not write the request to that connection later.
    this.#reject(
      this.#isWritten
        ? new NoAnswer('no answer in time', { isLate: true, cause: late })
        : new NotReached('no connection in time', { isLate: true, cause: late }),
    );
    this.#controller?.abort(late);
  }

  onRequestStart(controller: RequestController): void {
    this.#controller = controller;
    // Nothing has been written yet.
    if (this.#isGivenUp) controller.abort(new Error('given up'));
    else this.#isWritten = true;
    HttpExchange.#starting = this.#isGivenUp ? undefined : this;
  }

  onResponseStart(_controller: RequestController, status: number, headers: Answer['headers']): void {
    // An informational answer comes before the final one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // Such an answer ends with its headers. If a length or a body follows, the client would report an incomplete answer.
    if (withoutBody.has(status)) this.#finish();
  }

  onResponseData(controller: RequestController, chunk: Buffer): void {
    this.#chunks.push(chunk.subarray(0, maxAnswerBytes - this.#length));
    this.#length += chunk.byteLength;
    if (this.#length <= maxAnswerBytes) return;
    this.#finish();
    controller.abort(new Error('the rest of a long answer is not read'));
  }

  onResponseEnd(): void {
    this.#finish();
  }

  onResponseError(_controller: RequestController, cause: Error): void {
    // A request that cannot be encoded is no sign that the application is unavailable.
    this.#timer.end(this.#deadline);
    const isReached = this.#isWritten || (cause as NodeJS.ErrnoException).code === 'UND_ERR_INVALID_ARG';
    this.#reject(
      isReached
        ? new NoAnswer('no complete answer', { isLate: false, isOfIdleConnection: this.#wasIdle(), cause })
        : new NotReached('no connection', { cause }),
    );
  }

  #wasIdle(): boolean {
    return this.#connection?.[hasAnswered] === true && this.#connection.bytesRead === this.#bytesBefore;
  }

  #finish(): void {
    this.#timer.end(this.#deadline);
    if (this.#connection) this.#connection[hasAnswered] = true;
    const [first = noBytes] = this.#chunks;
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }
}
