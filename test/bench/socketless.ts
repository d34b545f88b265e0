import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** A connection that drops all written bytes. */
class NullSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1';

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done();
  }
}

export interface PostedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Returns a function that makes a server answer a request without a connection, so that a measurement includes neither
 * the kernel nor a client. The function returns the status of the answer.
 */
export function socketless(app: FastifyInstance): (request: PostedRequest) => Promise<number> {
  const socket = new NullSocket() as unknown as Socket;
  return async ({ url, headers, body }) => {
    const request = new IncomingMessage(socket);
    Object.assign(request, { method: 'POST', url, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 });
    request.headers = { ...headers, 'content-length': String(body.byteLength) };
    request.rawHeaders = Object.entries(request.headers as Record<string, string>).flat();
    request.push(body);
    request.push(null);
    request.complete = true;
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    app.routing(request, response);
    if (!response.writableFinished) await once(response, 'finish');
    response.detachSocket(socket);
    return response.statusCode;
  };
}
