import { buildConnector, type Dispatcher, Pool } from 'undici';

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
  /** Certificates to trust in place of those that Node trusts, PEM. */
  readonly ca?: string | undefined;
}

/** A request of which nothing was written: the application has not seen it. */
export class NotReached extends Error {
  override readonly name = 'NotReached';
}

/** A request that was written, at least in part, and has no complete answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The bytes of an answer that are read. */
export const maxAnswerBytes = 64 * 1024;

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

  constructor(origin: URL, { connections, connectTimeoutMs, ca }: HttpClientOptions) {
    this.#origin = origin;
    this.#connector = buildConnector({ timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca }) });
    const limits = { connections, pipelining: 1, keepAliveTimeout: idleTimeoutMs };
    this.#pool = new Pool(origin, { ...limits, connect: this.#connector });
  }

  /**
   * Posts a request.
   *
   * @param deadline its signal, and the milliseconds after which it is given up if nobody aborts the signal
   * @throws NotReached, NoAnswer
   */
  post(request: PostRequest, deadline: { readonly signal: AbortSignal; readonly timeoutMs: number }): Promise<Answer> {
    return this.#send('POST', request, deadline);
  }

  /** Gets a path. @throws NotReached, NoAnswer */
  get(path: string, timeoutMs: number): Promise<Answer> {
    const headers = ['accept', 'application/json'];
    return this.#send('GET', { path, headers }, { signal: AbortSignal.timeout(timeoutMs), timeoutMs });
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
    { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(signal, resolve, reject);
      // The client's own time limits are coarse. They end a request whose signal was aborted for another reason.
      const limits = { headersTimeout: timeoutMs + 1000, bodyTimeout: timeoutMs + 1000 };
      this.#pool.dispatch({ method, path, headers, body: body ?? null, ...limits }, exchange);
    });
  }
}

/** The host of a URL as a socket takes it: an address of IPv6 without its brackets. */
function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #isWritten = false;
  #status = 0;
  #headers: Answer['headers'] = {};
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(signal: AbortSignal, resolve: (answer: Answer) => void, reject: (error: Error) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#isWritten = true;
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener('abort', this.#onAbort, { once: true });
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
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#reject(this.#isWritten ? new NoAnswer('no complete answer', { cause }) : new NotReached('', { cause }));
  }

  readonly #onAbort = () => {
    this.#controller?.abort(this.#signal.reason instanceof Error ? this.#signal.reason : new Error('aborted'));
  };

  #finish(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }
}
