import { createServer, type IncomingMessage } from 'node:http';
import { parseJson } from '../../src/conversion/json/parse-json.ts';
import { noteCall } from './outside-call.ts';

/** An application behind HTTP, which can go away and come back. */
export interface PostedApplication {
  readonly url: string;
  /** Closes its port and every connection. The requests that it is handling have failed. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

/** Starts an application that notes each request as a call of an endpoint. */
export async function startPostedApplication(
  port: number,
  callLog: string,
  endpoint: string,
): Promise<PostedApplication> {
  let running = new AbortController();
  const server = createServer(async (request, response) => {
    const { signal } = running;
    const body = await bodyOf(request).catch(() => undefined);
    // A request that never came whole has not been handled.
    if (body === undefined || signal.aborted) return response.destroy();
    const { 'message-id': messageId, 'message-attempt': attempt, 'message-headers': headers = '{}' } = request.headers;
    const call = {
      ...{ callLog, endpoint, body, messageId: String(messageId), attempt: Number(attempt) },
      headers: parseJson(String(headers)) as Record<string, unknown>,
    };
    const outcome = await noteCall(call, signal);
    response.writeHead(outcome === 'succeeded' ? 204 : 500).end();
  });
  const start = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      running.abort();
      running = new AbortController();
      if (!server.listening) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await start();
  return { url: `http://127.0.0.1:${port}`, start, stop };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
