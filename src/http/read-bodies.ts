import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { longestTimeoutMs } from '../within.ts';
import { bodyGraceMs } from './body-pace.ts';
import { type BodyLimits, BodyReader, releaseBody } from './body-reader.ts';
import type { Connections } from './connections.ts';

/** Within this the line and the headers of a request must have arrived. */
export const headersTimeoutMs = 30_000;

/** Within this a request must have arrived whole: the time of the largest body at the slowest pace that is allowed. */
export function requestTimeoutMs({ bodyLimit, minBodyBytesPerSecond }: BodyLimits): number {
  const bodyMs = bodyGraceMs + Math.ceil((bodyLimit / minBodyBytesPerSecond) * 1000);
  return Math.min(headersTimeoutMs + bodyMs, longestTimeoutMs);
}

/**
 * Has every body of an application read as the bytes that came in, and counted until its request has been handled. The
 * schemas describe what a body is; the bus checks it. To be called before the routes are added.
 *
 * @returns to be called before a request is answered that was refused: decides whether its connection ends
 */
export function readBodies(
  app: FastifyInstance,
  limits: BodyLimits,
  connections: Connections,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const reader = new BodyReader(limits);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request: FastifyRequest, payload: IncomingMessage) =>
    reader.read(payload, () => connections.askForBody(payload)),
  );

  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    if (connections.isIgnored(raw)) return void reply.hijack();
    if (hasNoBodyOfUse(raw) && hasBody(raw)) {
      // What comes must not wait in memory for a slow answer.
      reader.discard(raw);
      if (connections.endsWith(raw, false)) reply.header('connection', 'close');
    }
    done();
  });

  // The handler has finished with the body then, whether its caller still waits for the answer or not.
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = async function (request, reply) {
      try {
        return await handler.call(this, request, reply);
      } finally {
        releaseBody(request.raw);
      }
    };
  });

  return ({ raw }, reply) => {
    if (connections.endsWith(raw, reader.wasTooSlow(raw))) reply.header('connection', 'close');
    // Fastify sets it for every error of a body, a small one included, whose caller may want to repeat it here.
    else if (!connections.isDraining && !hasNoBodyOfUse(raw) && reply.hasHeader('connection')) {
      reply.removeHeader('connection');
    }
  };
}

function hasNoBodyOfUse({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'TRACE';
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}
