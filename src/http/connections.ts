import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type TLSSocket, Server as TlsServer } from 'node:tls';
import { TurnoverMap } from '../collection/turnover-map.ts';
import { LittoralError } from '../errors.ts';
import { lingeringClose } from './lingering-close.ts';
import { rawProblem } from './problem.ts';
import { Handshakes } from './tls/handshakes.ts';

interface Connection {
  /** The responses that are not complete, in the order of their requests. */
  readonly unanswered: ServerResponse[];
  /** The response to the latest request, answered or not. */
  latest?: ServerResponse;
  /** True once an answer ends the connection: bytes that follow are not a request. */
  isEnding: boolean;
  /** The time since which no request waits for its answer, by `performance.now()`. */
  idleSince: number;
}

export interface ConnectionLimits {
  /** Maximum number of connections, and of requests that wait for their answers. */
  readonly maxConnections: number;
  /** Idle time after which a connection may be closed to make room for another. Default: 5 s, as Node's keep-alive. */
  readonly idleMs?: number;
}

/** Maximum number of refused connections that get an answer at a time. Further ones are closed at once. */
const maxRefused = 64;

/** Time after which a caller that does not read its answer is cut off. */
const stalledMs = 60_000;

/** Up to this size, the rest of a body is discarded, so that the connection can serve another request. */
const discardedBytes = 64 * 1024;

/**
 * Knows on which connections of a server requests wait for their answers, so that nothing is cut off or answered out of
 * turn, and bounds how many of both there are.
 */
export class Connections {
  readonly #open = new TurnoverMap<Socket, Connection>();
  readonly #refused = new Set<Socket>();
  readonly #ignored = new WeakSet<IncomingMessage>();
  readonly #exempt = new WeakSet<Socket>();
  readonly #streams = new WeakSet<Socket>();
  readonly #expectant = new WeakMap<IncomingMessage, ServerResponse>();
  readonly #maxConnections: number;
  readonly #idleMs: number;
  #unanswered = 0;
  #draining = false;
  #closing = false;

  constructor({ maxConnections, idleMs = 5_000 }: ConnectionLimits) {
    this.#maxConnections = maxConnections;
    this.#idleMs = idleMs;
  }

  /** Attaches to the server. Call this once, before the server listens. */
  watch(server: Server): void {
    server.maxConnections = this.#maxConnections + maxRefused;
    if (server instanceof TlsServer) this.#watchHandshakes(server);
    else server.on('connection', (socket: Socket) => this.#onConnection(socket));
    server.prependListener('request', (request, response) => this.#onRequest(request, response));
    server.on('checkContinue', (request, response) => {
      this.#expectant.set(request, response);
      server.emit('request', request, response);
    });
    // An unknown expectation may be ignored (RFC 9110 section 10.1.1). Node's default is to answer 417.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    server.setTimeout(stalledMs, (socket: Socket) => this.#onStalled(socket));
  }

  /** Sends `100 Continue` if the caller expects it before the body (`Expect: 100-continue`). */
  askForBody(request: IncomingMessage): void {
    this.#expectant.get(request)?.writeContinue();
    this.#expectant.delete(request);
  }

  /**
   * Lets the body of a request take longer than the server's time limit for requests. Node applies it to whole
   * connections, and checks each request once.
   */
  exemptFromTimeout({ socket }: IncomingMessage): void {
    this.#exempt.add(socket);
  }

  /** Exempts a stream from the time limits, so that its connection can stay open. */
  openStream(request: IncomingMessage): void {
    this.exemptFromTimeout(request);
    this.#streams.add(request.socket);
    this.askForBody(request);
  }

  /**
   * Prepares the end of a stream, before its answer ends. If the caller still sends, the connection is closed in a way
   * that lets the caller read the last line. The answer has no `Connection: close`, because Python's `http.client`
   * would then open another connection for the rest of the request.
   */
  closeStream(request: IncomingMessage, response: ServerResponse): void {
    const { socket, complete } = request;
    this.#streams.delete(socket);
    const connection = this.#open.get(socket);
    if (complete || !connection) return;
    connection.isEnding = true;
    response.once('finish', () => lingeringClose(socket));
  }

  /** Returns whether the latest request of a connection is exempt from the time limit for requests. */
  isExempt(socket: Socket): boolean {
    return this.#exempt.has(socket);
  }

  /**
   * Returns whether the connection ends with the answer to a request: if too much of its body, or a slow body,
   * would have to be discarded. It then ends in a way that lets the caller read the answer.
   */
  endsWith(request: IncomingMessage, isTooSlow: boolean): boolean {
    const { socket, complete } = request;
    const connection = this.#open.get(socket);
    // A caller that got no `100 Continue` may or may not send the body (RFC 9110 section 10.1.1).
    const isUnclear = this.#expectant.has(request);
    if (complete || !connection || !(isTooSlow || isUnclear || hasLargeBody(request))) return false;
    connection.isEnding = true;
    socket.destroySoon = () => lingeringClose(socket);
    return true;
  }

  /**
   * Returns whether a request arrived after the end of its connection, and must not be served (RFC 9112 section 9.6).
   */
  isIgnored(request: IncomingMessage): boolean {
    return this.#ignored.has(request);
  }

  /**
   * Ends each connection with its next answer from now on, so that the next request goes to another gateway. Idle
   * connections stay open: closing one would cut off a request that is on its way, and its caller could not know that
   * nothing was sent.
   */
  drain(): void {
    this.#draining = true;
    for (const { unanswered } of this.#open.values()) endAfter(unanswered.at(-1));
  }

  /** Returns whether every answer ends its connection. */
  get isDraining(): boolean {
    return this.#draining || this.#closing;
  }

  /** Answers what could not be read, and ends the connection. */
  refuse(socket: Socket, answer: string): void {
    const { unanswered = [], latest } = this.#open.get(socket) ?? {};
    const end = () => {
      // The issue is in the body of the latest request; that one may have its answer already.
      const answered = latest !== undefined && !latest.req.complete && latest.headersSent;
      if (socket.writable && !answered) lingeringClose(socket, answer);
      else socket.destroySoon();
    };
    // Requests before it on the same connection: theirs is the next answer that the caller will read.
    const earlier = unanswered.findLast(({ req }) => req.complete);
    if (earlier) earlier.once('close', end);
    else end();
  }

  /**
   * Ends every connection as soon as nothing on it waits for an answer. `Server.close` spares those that never sent a
   * request, and those that are answered later.
   */
  endAll(): void {
    this.#closing = true;
    for (const socket of this.#refused) socket.destroy();
    for (const [socket, { unanswered }] of this.#open.entries()) {
      const last = unanswered.at(-1);
      if (last === undefined) socket.destroy();
      else if (last.headersSent) last.once('close', () => socket.destroySoon());
      else endAfter(last);
    }
  }

  /**
   * A connection counts as soon as its TCP connection is open. A refused connection is answered after the handshake.
   */
  #watchHandshakes(server: TlsServer): void {
    const handshakes = new Handshakes();
    const refused = new WeakSet<Socket>();
    server.on('connection', (socket: Socket) => {
      if (!handshakes.add(socket)) return void socket.destroy();
      this.#onConnection(socket, () => {
        refused.add(socket);
        this.#keepRefused(socket);
      });
    });
    server.on('secureConnection', (secured: TLSSocket) => {
      const socket = handshakes.take(secured);
      const connection = socket && this.#open.get(socket);
      if (socket && connection) {
        this.#open.delete(socket);
        this.#add(secured, connection);
      } else if (socket && refused.has(socket)) {
        this.#refused.delete(socket);
        this.#refuseConnection(secured);
      } else {
        secured.destroy();
      }
    });
  }

  /** Returns whether requests arrive on a socket; false for a socket whose handshake failed. */
  isServed(socket: Socket): boolean {
    return this.#open.has(socket) || this.#refused.has(socket);
  }

  /** @param refuse called if there is no room */
  #onConnection(socket: Socket, refuse = () => this.#refuseConnection(socket)): void {
    if (this.#closing) return void socket.destroy();
    if (this.#open.size >= this.#maxConnections && !this.#closeIdle()) refuse();
    else this.#add(socket, { unanswered: [], isEnding: false, idleSince: performance.now() });
  }

  #add(socket: Socket, connection: Connection): void {
    this.#open.set(socket, connection);
    socket.once('close', () => this.#forget(socket, connection));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const connection = this.#open.get(socket);
    if (!connection || connection.isEnding) return void this.#ignored.add(request);
    const { unanswered } = connection;
    // Several requests wait on a connection only if the caller uses pipelining.
    if (this.#unanswered >= this.#maxConnections && unanswered.length > 0) {
      this.#ignored.add(request);
      this.#forget(socket, connection);
      return void socket.destroy();
    }
    connection.latest = response;
    this.#exempt.delete(socket);
    unanswered.push(response);
    this.#unanswered += 1;
    response.once('close', () => {
      const position = unanswered.indexOf(response);
      if (position === -1) return;
      unanswered.splice(position, 1);
      this.#unanswered -= 1;
      connection.idleSince = performance.now();
    });
    if (this.#draining) response.setHeader('connection', 'close');
  }

  #forget(socket: Socket, { unanswered }: Connection): void {
    this.#open.delete(socket);
    // Node never closes answers that wait for earlier ones.
    this.#unanswered -= unanswered.length;
    unanswered.length = 0;
  }

  /** Makes room by closing the connection that has been idle for longest. @returns whether there was one */
  #closeIdle(): boolean {
    let longest: Socket | undefined;
    let since = performance.now() - this.#idleMs;
    for (const [socket, { unanswered, idleSince }] of this.#open.entries()) {
      if (unanswered.length > 0 || idleSince > since) continue;
      longest = socket;
      since = idleSince;
    }
    const connection = longest && this.#open.get(longest);
    if (!longest || !connection) return false;
    this.#forget(longest, connection);
    longest.destroy();
    return true;
  }

  #keepRefused(socket: Socket): void {
    this.#refused.add(socket);
    socket.once('close', () => this.#refused.delete(socket));
  }

  #refuseConnection(socket: Socket): void {
    this.#keepRefused(socket);
    const detail = `Nothing was sent: this gateway serves ${this.#maxConnections} connections (http.maxConnections) already. Close those that are not needed, or repeat the request later.`;
    lingeringClose(socket, rawProblem(new LittoralError('too-many-connections', detail)));
  }

  /** Handles a socket without traffic: the caller reads too slowly, unless its answer is still being created. */
  #onStalled(socket: Socket): void {
    if (this.#streams.has(socket)) return;
    const first = this.#open.get(socket)?.unanswered[0];
    if (first === undefined || first.headersSent) socket.destroy();
  }
}

function hasLargeBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > discardedBytes;
}

function endAfter(last: ServerResponse | undefined): void {
  if (last?.headersSent === false) last.setHeader('connection', 'close');
}
