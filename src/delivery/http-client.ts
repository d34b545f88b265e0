import { createRequire } from 'node:module';
import type Undici from 'undici';
import type { buildConnector, Dispatcher, Pool } from 'undici';
import { type Deadline, DeadlineTimer } from '../time/deadline-timer.ts';
import { NoAnswer, NotReached } from './request-failures.ts';
import { observeRequest, type RequestObserver } from './request-observer.ts';

/** The answer of an application. Only the beginning of a long body is read. */
export interface Answer {
  readonly status: number;
  /** The header fields, by their names in lower case. A repeated field is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, or its first 64 KiB. */
  readonly body: Uint8Array;
}

export interface PostRequest {
  readonly path: string;
  /** Alternating names and values. */
  readonly headers: string[];
  readonly body: Uint8Array;
}

export interface HttpClientOptions {
  /** Maximum number of connections. */
  readonly connections: number;
  /** Milliseconds until an attempt to connect fails. */
  readonly connectTimeoutMs: number;
  /** Returns the trusted certificates, PEM. They can change. Default: those that Node trusts. */
  readonly ca?: (() => string) | undefined;
  /** Default: nothing is measured. */
  readonly observe?: RequestObserver | undefined;
}

/** Maximum number of connections beside the pool. */
const maxBeside = 3;

/** Maximum number of bytes that are read of an answer's body. */
export const maxAnswerBytes = 64 * 1024;

/**
 * Time that an unused connection stays open. It is shorter than the timeout of common servers, which could otherwise
 * close the connection while a request is being written.
 */
const idleTimeoutMs = 4_000;

/**
 * Sends requests to one application over a pool of connections. Follows no redirects, ignores the environment's proxy
 * settings, and repeats no request.
 */
export class HttpClient {
  readonly #origin: URL;
  readonly #connector: buildConnector.connector;
  readonly #connections: number;
  readonly #pool: Pool;
  /** For questions that find all connections of the pool in use. It opens none before that. */
  readonly #beside: Pool;
  readonly #observe: RequestObserver | undefined;
  /** The timers by their time limits. */
  readonly #timers = new Map<number, DeadlineTimer>();

  constructor(origin: URL, { connections, connectTimeoutMs, ca, observe }: HttpClientOptions) {
    this.#origin = origin;
    this.#observe = observe;
    const { Pool } = loadUndici();
    this.#connector = createConnector(connectTimeoutMs, ca);
    const limits = { connections, pipelining: 1, keepAliveTimeout: idleTimeoutMs };
    this.#connections = connections;
    this.#pool = new Pool(origin, { ...limits, connect: this.#connector });
    this.#beside = new Pool(origin, { ...limits, connections: maxBeside, connect: this.#connector });
  }

  /**
   * Posts a request.
   *
   * @param timeoutMs milliseconds after which its connection is closed
   * @throws NotReached, NoAnswer
   */
  post(request: PostRequest, timeoutMs: number): Promise<Answer> {
    return this.#observed('POST', this.#send(this.#pool, 'POST', request, timeoutMs));
  }

  /**
   * Gets a path. It waits for a connection, because an application may serve one at a time. If the answers to other
   * requests take all connections for as long as `timeoutMs`, it uses another one: the application may be there.
   *
   * @throws NotReached, NoAnswer
   */
  get(path: string, timeoutMs: number): Promise<Answer> {
    const request = { path, headers: ['accept', 'application/json'] };
    const answer = this.#send(this.#pool, 'GET', request, timeoutMs).catch((error: unknown) => {
      const isBusy = error instanceof NotReached && error.isLate && this.#pool.stats.running >= this.#connections;
      if (isBusy) return this.#send(this.#beside, 'GET', request, timeoutMs);
      throw error;
    });
    return this.#observed('GET', answer);
  }

  /** Opens a connection without a request, and closes it. @throws NotReached */
  connect(): Promise<void> {
    const { hostname, host, protocol, port } = this.#origin;
    return new Promise((resolve, reject) => {
      this.#connector({ hostname: unbracketed(hostname), host, protocol, port }, (cause, socket) => {
        if (cause) return reject(new NotReached('no connection', { cause }));
        socket.on('error', () => {});
        socket.destroy();
        resolve();
      });
    });
  }

  /** Ends all requests and connections. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#beside.destroy()]);
  }

  #observed(method: 'GET' | 'POST', answer: Promise<Answer>): Promise<Answer> {
    if (this.#observe !== undefined) observeRequest(method, answer, this.#observe);
    return answer;
  }

  #send(
    pool: Pool,
    method: 'GET' | 'POST',
    { path, headers, body }: Omit<PostRequest, 'body'> & { readonly body?: Uint8Array },
    timeoutMs: number,
  ): Promise<Answer> {
    const exchange = new Exchange(this.#timerOf(timeoutMs), timeoutMs);
    // The client's own time limits are imprecise, and none of them applies to a complete answer.
    const options = { method, path, headers, body: body ?? null, headersTimeout: 0, bodyTimeout: 0 };
    pool.dispatch(options, exchange);
    return exchange.answer;
  }

  #timerOf(timeoutMs: number): DeadlineTimer {
    let timer = this.#timers.get(timeoutMs);
    if (timer === undefined) {
      timer = new DeadlineTimer(timeoutMs);
      this.#timers.set(timeoutMs, timer);
    }
    return timer;
  }
}

const noBytes = new Uint8Array();

/** Statuses whose answers have no body, whatever their headers say (RFC 9112 section 6.3). */
const withoutBody: ReadonlySet<number> = new Set([204, 304]);

/** Loads the client on first use. It has a hundred files, and a gateway without an application does not need it. */
function loadUndici(): typeof Undici {
  return createRequire(import.meta.url)('undici');
}

/** Returns a connector that trusts the current certificates. Open connections are not verified again. */
function createConnector(timeout: number, ca: HttpClientOptions['ca']): buildConnector.connector {
  const { buildConnector } = loadUndici();
  if (ca === undefined) return buildConnector({ timeout });
  let trusted = ca();
  let connect = buildConnector({ timeout, ca: trusted });
  return (options, callback) => {
    const now = ca();
    if (now !== trusted) {
      trusted = now;
      // The earlier connector would resume TLS sessions without verifying the certificate again.
      connect = buildConnector({ timeout, ca: now });
    }
    return connect(options, callback);
  };
}

/** Returns the host of a URL in the form that sockets accept: an IPv6 address without brackets. */
function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>;
  #resolve: (answer: Answer) => void = () => {};
  #reject: (error: Error) => void = () => {};
  readonly #timer: DeadlineTimer;
  readonly #deadline: Deadline;
  #controller: Dispatcher.DispatchController | undefined;
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

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Nothing has been written yet.
    if (this.#isGivenUp) controller.abort(new Error('given up'));
    else this.#isWritten = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    // An informational answer comes before the final one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // Such an answer ends with its headers. If a length or a body follows, the client would report an incomplete answer.
    if (withoutBody.has(status)) this.#finish();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk.subarray(0, maxAnswerBytes - this.#length));
    this.#length += chunk.byteLength;
    if (this.#length <= maxAnswerBytes) return;
    this.#finish();
    controller.abort(new Error('the rest of a long answer is not read'));
  }

  onResponseEnd(): void {
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    // A request that cannot be encoded is no sign that the application is unavailable.
    this.#timer.end(this.#deadline);
    const isReached = this.#isWritten || (cause as NodeJS.ErrnoException).code === 'UND_ERR_INVALID_ARG';
    this.#reject(
      isReached
        ? new NoAnswer('no complete answer', { isLate: false, cause })
        : new NotReached('no connection', { cause }),
    );
  }

  #finish(): void {
    this.#timer.end(this.#deadline);
    const [first = noBytes] = this.#chunks;
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }
}
