import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  /** Of the requests that wait for their answers, in their order. */
  readonly unanswered: Set<ServerResponse>;
  /** Of the request that came last, answered or not. */
  latest?: ServerResponse;
}

/**
 * Knows on which connections of a server requests wait for their answers, so that nothing is cut off or answered out of
 * turn.
 */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  #draining = false;
  #closing = false;

  /** To be called once, before the server listens. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.#open.set(socket, { unanswered: new Set() });
      socket.once('close', () => this.#open.delete(socket));
      if (this.#closing) socket.destroy();
    });
    server.prependListener('request', ({ socket }, response) => {
      const connection = this.#open.get(socket);
      if (!connection) return;
      connection.latest = response;
      connection.unanswered.add(response);
      response.once('close', () => connection.unanswered.delete(response));
      if (this.#draining) response.setHeader('connection', 'close');
    });
  }

  /**
   * From now on every answer ends its connection, so that the next request goes elsewhere. What is idle stays open:
   * ending it would cut off a request that is on its way, and nobody could tell its caller that nothing was sent.
   */
  drain(): void {
    this.#draining = true;
    for (const { unanswered } of this.#open.values()) endAfter([...unanswered].at(-1));
  }

  /** Answers what could not be read, and ends the connection. */
  refuse(socket: Socket, answer: string): void {
    const { unanswered, latest } = this.#open.get(socket) ?? { unanswered: [] };
    const end = () => {
      // The fault is in the body of the latest request; that one may have its answer already.
      const answered = latest !== undefined && !latest.req.complete && latest.headersSent;
      if (socket.writable && !answered) socket.end(answer);
      socket.destroySoon();
    };
    // Requests before it on the same connection: theirs is the next answer that the caller will read.
    const earlier = [...unanswered].findLast(({ req }) => req.complete);
    if (earlier) earlier.once('close', end);
    else end();
  }

  /**
   * Ends every connection as soon as nothing on it waits for an answer. `Server.close` spares those that never sent a
   * request, and those that are answered later.
   */
  endAll(): void {
    this.#closing = true;
    for (const [socket, { unanswered }] of this.#open) {
      const last = [...unanswered].at(-1);
      if (last === undefined) socket.destroy();
      else if (last.headersSent) last.once('close', () => socket.destroySoon());
      else endAfter(last);
    }
  }
}

function endAfter(last: ServerResponse | undefined): void {
  if (last?.headersSent === false) last.setHeader('connection', 'close');
}
