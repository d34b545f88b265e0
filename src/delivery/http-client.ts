import { subscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type Undici from 'undici';
import type { buildConnector, Client, Dispatcher, Pool } from 'undici';
import { DeadlineTimer } from '../time/deadline-timer.ts';
import { type Answer, HttpExchange } from './http-exchange.ts';
import { NoAnswer, NotReached } from './request-failures.ts';
import { observeRequest, type RequestObserver } from './request-observer.ts';

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

/** Maximum number of connections of the spare pool. */
const maxSpare = 3;

/**
 * Time that an unused connection stays open. It is shorter than the timeout of common servers, which could otherwise
 * close the connection while a request is being written.
 */
const idleTimeoutMs = 4_000;

/**
 * Sends requests to one application over a pool of connections. Follows no redirects, ignores the environment's proxy
 * settings, and repeats a request only if its connection was closed as idle.
 */
export class HttpClient {
  readonly #origin: URL;
  readonly #connector: buildConnector.connector;
  readonly #connections: number;
  readonly #pool: Pool;
  /** For GET requests while all connections of the other pool are in use. It has no connections before that. */
  readonly #sparePool: Pool;
  /** Each for one request that is posted again. */
  readonly #clients = new Set<Client>();
  readonly #observe: RequestObserver | undefined;
  /** The timers by their time limits. */
  readonly #timers = new Map<number, DeadlineTimer>();

  constructor(origin: URL, { connections, connectTimeoutMs, ca, observe }: HttpClientOptions) {
    this.#origin = origin;
    this.#observe = observe;
    const { Pool } = loadUndici();
    watchConnections();
    this.#connector = createConnector(connectTimeoutMs, ca);
    const limits = { connections, pipelining: 1, keepAliveTimeout: idleTimeoutMs };
    this.#connections = connections;
    this.#pool = new Pool(origin, { ...limits, connect: this.#connector });
    this.#sparePool = new Pool(origin, { ...limits, connections: maxSpare, connect: this.#connector });
  }

  /**
   * Posts a request. If the connection was closed as idle just before, it posts the request again, over a new one.
   *
   * @param timeoutMs milliseconds after which its connection is closed
   * @throws NotReached, NoAnswer
   */
  post(request: PostRequest, timeoutMs: number): Promise<Answer> {
    const exchange = this.#begin(this.#pool, 'POST', request, this.#timerOf(timeoutMs), timeoutMs);
    const answer = exchange.answer.catch((error: unknown) => {
      const { leftMs } = exchange;
      if (!(error instanceof NoAnswer) || !error.isOfIdleConnection || leftMs <= 0) throw error;
      return this.#postAgain(request, leftMs, error);
    });
    return this.#observed('POST', answer);
  }

  /** @throws the first error if there is no new connection: the request may have ended the application */
  async #postAgain(request: PostRequest, leftMs: number, first: NoAnswer): Promise<Answer> {
    const { Client } = loadUndici();
    const client = new Client(this.#origin, { connect: this.#connector, pipelining: 1 });
    this.#clients.add(client);
    try {
      return await this.#begin(client, 'POST', request, new DeadlineTimer(leftMs), leftMs).answer;
    } catch (error) {
      throw error instanceof NotReached ? first : error;
    } finally {
      this.#clients.delete(client);
      await client.destroy();
    }
  }

  /**
   * Gets a path. It waits for a connection, because an application may serve one at a time. If the answers to other
   * requests take all connections for as long as `timeoutMs`, it uses another one: the application may be there.
   *
   * @throws NotReached, NoAnswer
   */
  get(path: string, timeoutMs: number): Promise<Answer> {
    const request = { path, headers: ['accept', 'application/json'] };
    const get = (pool: Pool) => this.#begin(pool, 'GET', request, this.#timerOf(timeoutMs), timeoutMs).answer;
    const answer = get(this.#pool).catch((error: unknown) => {
      const isBusy = error instanceof NotReached && error.isLate && this.#pool.stats.running >= this.#connections;
      if (isBusy) return get(this.#sparePool);
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
    await Promise.all([this.#pool, this.#sparePool, ...this.#clients].map((client) => client.destroy()));
  }

  #observed(method: 'GET' | 'POST', answer: Promise<Answer>): Promise<Answer> {
    if (this.#observe !== undefined) observeRequest(method, answer, this.#observe);
    return answer;
  }

  #begin(
    client: Dispatcher,
    method: 'GET' | 'POST',
    { path, headers, body }: Omit<PostRequest, 'body'> & { readonly body?: Uint8Array },
    timer: DeadlineTimer,
    timeoutMs: number,
  ): HttpExchange {
    const exchange = new HttpExchange(timer, timeoutMs);
    // The client's own time limits are imprecise, and none of them applies to a complete answer.
    const options = { method, path, headers, body: body ?? null, headersTimeout: 0, bodyTimeout: 0 };
    client.dispatch(options, exchange);
    return exchange;
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

let isWatching = false;

/** Tells each exchange its connection. The client publishes it nowhere else. */
function watchConnections(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe('undici:client:sendHeaders', (sent) => HttpExchange.noteConnection((sent as { socket: Socket }).socket));
}

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
