import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request that an application got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export interface TestApplication {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Closes the port and every connection. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

/** Answers a request, in any way. */
export type Behaviour = (request: Received, response: ServerResponse, socket: Socket) => unknown;

/** An application behind a real HTTP server. Default: it answers 204. */
export async function startApplication(behaviour: Behaviour = answering(204)): Promise<TestApplication> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => undefined);
    if (body === undefined) return;
    const { method = '', url: path = '', headers, rawHeaders } = request;
    const one = { method, path, headers, rawHeaders, body };
    received.push(one);
    await behaviour(one, response, request.socket);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${port}`, port, received, stop, start: () => listen(port) };
}

/** Answers each request with a status. */
export function answering(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Behaviour {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
