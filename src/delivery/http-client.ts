import { createRequire } from 'node:module';
import type Undici from 'undici';
import type { buildConnector, Dispatcher, Pool } from 'undici';
import { type Deadline, DeadlineTimer } from '../time/deadline-timer.ts';
import { NoAnswer, NotReached } from './request-failures.ts';
import { observeRequest, type RequestObserver } from './request-observer.ts';

/** A complete answer of an application, or the beginning of a long one. */
export interface Answer {
  readonly status: number;
  /** The header fields, by their names in lower case. A field that was repeated is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, or its first 64 KiB. */
  readonly body: Uint8Array;
}

export interface PostRequest {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Uint8Array;
}

export interface HttpClientOptions {
  /** Maximum number of connections. */
  readonly connections: number;
  /** Milliseconds until an attempt to connect fails. */
  readonly connectTimeoutMs: number;
  /** Returns the certificates to trust in place of those that Node trusts, PEM. They can change. */
  readonly ca?: (() => string) | undefined;
  /** Default: nothing is measured. */
  readonly observe?: RequestObserver | undefined;
}

/** The bytes of an answer that are read. */
const maxAnswerBytes = 64 * 1024;

/** How long a connection is kept open unused. Shorter than common servers do, which would close it just when it is used. */
const idleTimeoutMs = 4_000;

/**
 * Posts requests to one application, over a pool of connections. It follows no redirect, uses no proxy of the
 * environment, and repeats nothing.
 */
export class HttpClient {
  readonly #origin: URL;
  readonly #connector: buildConnector.connector;
  readonly #pool: Pool;
  readonly #observe: RequestObserver | undefined;
  /** One for each length of time. */
  readonly #timers = new Map<number, DeadlineTimer>();

  constructor(origin: URL, { connections, connectTimeoutMs, ca, observe }: HttpClientOptions) {
    this.#origin = origin;
    this.#observe = observe;
    const { Pool } = loadUndici();
    this.#connector = createConnector(connectTimeoutMs, ca);
    const limits = { connections, pipelining: 1, keepAliveTimeout: idleTimeoutMs };
    this.#pool = new Pool(origin, { ...limits, connect: this.#connector });
  }

  /**
   * Posts a request.
   *
   * @param timeoutMs milliseconds after which its connection is closed
   * @throws NotReached, NoAnswer
   */
  post(request: PostRequest, timeoutMs: number): Promise<Answer> {
    return this.#send('POST', request, timeoutMs);
  }

  /** Gets a path. @throws NotReached, NoAnswer */
  get(path: string, timeoutMs: number): Promise<Answer> {
    return this.#send('GET', { path, headers: ['accept', 'application/json'] }, timeoutMs);
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
    await this.#pool.destroy();
  }

  #send(
    method: 'GET' | 'POST',
    { path, headers, body }: Omit<PostRequest, 'body'> & { readonly body?: Uint8Array },
    timeoutMs: number,
  ): Promise<Answer> {
    const exchange = new Exchange(this.#timerOf(timeoutMs), timeoutMs);
    // The client's own time limits are coarse, and none of them is for the whole of an answer.
    const options = { method, path, headers, body: body ?? null, headersTimeout: 0, bodyTimeout: 0 };
    this.#pool.dispatch(options, exchange);
    if (this.#observe !== undefined) observeRequest(method, exchange.answer, this.#observe);
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

/** Loads the client, whose hundred files a gateway without an application does not need. */
function loadUndici(): typeof Undici {
  return createRequire(import.meta.url)('undici');
}

/** Returns a connector that trusts the present certificates. Open connections keep those of their handshake. */
function createConnector(timeout: number, ca: HttpClientOptions['ca']): buildConnector.connector {
  const { buildConnector } = loadUndici();
  if (ca === undefined) return buildConnector({ timeout });
  let trusted = ca();
  let connect = buildConnector({ timeout, ca: trusted });
  return (options, callback) => {
    const now = ca();
    if (now !== trusted) {
      trusted = now;
      // A new one, because the earlier one resumes TLS sessions without a look at the certificate.
      connect = buildConnector({ timeout, ca: now });
    }
    return connect(options, callback);
  };
}

/** The host of a URL as a socket takes it: an address of IPv6 without its brackets. */
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

  /** Closes the connection. It rejects with NoAnswer, or with NotReached while there is no connection. */
  #giveUp(timeoutMs: number): void {
    const late = new Error(`no answer within ${timeoutMs} ms`);
    this.#isGivenUp = true;
    // The client still waits for a connection, and must not write the request on it later.
    this.#reject(
      this.#isWritten
        ? new NoAnswer('no answer in time', { isLate: true, cause: late })
        : new NotReached('no connection in time', { cause: late }),
    );
    this.#controller?.abort(late);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Nothing was written so far.
    if (this.#isGivenUp) controller.abort(new Error('given up'));
    else this.#isWritten = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    // An informational answer comes before the final one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
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
    // A request that cannot be written says nothing about the application, which must not count as away for it.
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
