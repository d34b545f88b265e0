import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { longestTimeoutMs } from '../within.ts';
import { bodyGraceMs } from './body-pace.ts';
import type { BodyLimits, BodyReader } from './body-reader.ts';
import type { Connections } from './connections.ts';

/** Within this the line and the headers of a request must have arrived. */
export const headersTimeoutMs = 30_000;

/** Within this a request must have arrived whole: the time of the largest body at the slowest pace that is allowed. */
export function requestTimeoutMs({ bodyLimit, minBodyBytesPerSecond }: BodyLimits): number {
  const bodyMs = bodyGraceMs + Math.ceil((bodyLimit / minBodyBytesPerSecond) * 1000);
  return Math.min(headersTimeoutMs + bodyMs, longestTimeoutMs);
}

/**
 * Has every body of an application read as the bytes that came in, and counted until its request has been answered. The
 * schemas describe what a body is; the bus checks it.
 */
export function readBodies(app: FastifyInstance, reader: BodyReader, connections: Connections): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request: FastifyRequest, payload: IncomingMessage) =>
    reader.read(payload, () => connections.askForBody(payload)),
  );

  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    if (connections.isIgnored(raw)) return void reply.hijack();
    // These methods have no body that is read. What comes must not wait in memory for a slow answer.
    if (hasNoBodyOfUse(raw) && hasBody(raw)) reader.discard(raw);
    done();
  });

  // The handler has finished with the body here, whether its caller still waits for the answer or not.
  app.addHook('onSend', (request, reply, _payload, done) => {
    reader.release(request.raw);
    if (connections.endsWith(request.raw, reader.wasTooSlow(request.raw))) reply.header('connection', 'close');
    // Fastify sets it for every error of a body, a small one included, whose caller may want to repeat it here.
    else if (!connections.isDraining && reply.hasHeader('connection')) reply.removeHeader('connection');
    done();
  });
}

function hasNoBodyOfUse({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'TRACE';
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}
