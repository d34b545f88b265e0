import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { longestTimeoutMs } from '../../time/timeout.ts';
import type { Connections } from '../connections.ts';
import type { BodyMemory } from './body-memory.ts';
import { bodyGraceMs } from './body-pace.ts';
import { type BodyLimits, BodyReader, releaseBody } from './body-reader.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How the body is read. Default: as one message of `http.bodyLimit` at most. */
    readonly body?: 'single' | 'batch' | 'stream';
  }
}

/** Time limit for the request line and the headers. */
export const headersTimeoutMs = 30_000;

/** Returns the time limit for a whole request: the largest body at the slowest allowed pace. */
export function requestTimeoutMs({ bodyLimit, minBodyBytesPerSecond }: BodyLimits): number {
  const bodyMs = bodyGraceMs + Math.ceil((bodyLimit / minBodyBytesPerSecond) * 1000);
  return Math.min(headersTimeoutMs + bodyMs, longestTimeoutMs);
}

/** The functions that count bodies. */
export interface BodyCount {
  /** Called before the handler of each request. */
  readonly arrived: (request: FastifyRequest, reply: FastifyReply) => void;
  /** Called with the number of bytes of a body without use, which were discarded. May be called twice. */
  readonly discarded: (request: FastifyRequest, bytes: number) => void;
}

/**
 * Installs a body reader that keeps each body as raw bytes, and counts its memory until its request has been handled.
 * The schemas only describe bodies; the bus checks them. The caller does so before it adds routes.
 *
 * @param memory the memory of all bodies
 * @param count Default: bodies are not counted
 * @returns a function to call before a refused request is answered: it decides whether the connection ends
 */
export function readBodies(
  app: FastifyInstance,
  limits: BodyLimits,
  connections: Connections,
  memory: BodyMemory,
  count?: BodyCount,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const reader = new BodyReader(limits, memory);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) => {
    const { body = 'single' } = request.routeOptions.config;
    // The route reads it.
    if (body === 'stream') return Promise.resolve(undefined);
    if (body === 'single') return reader.read(payload, () => connections.askForBody(payload));
    // The pace of the body limits its time.
    connections.exemptFromTimeout(payload);
    return reader.read(payload, () => connections.askForBody(payload), 'batchBodyLimit');
  });

  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    if (connections.isIgnored(raw)) return void reply.hijack();
    if (hasNoBodyOfUse(raw) && hasBody(raw)) {
      // Arriving bytes must not wait in memory for a slow answer.
      reader.discard(raw, count && ((bytes) => count.discarded(request, bytes)));
      if (connections.endsWith(raw, false)) reply.header('connection', 'close');
    }
    done();
  });

  // The handler has finished with the body by then, even if the caller still waits for the answer. A hook for
  // `count.arrived` would cost more time.
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = async function (request, reply) {
      try {
        count?.arrived(request, reply);
        return await handler.call(this, request, reply);
      } finally {
        releaseBody(request.raw);
      }
    };
  });

  return ({ raw }, reply) => {
    if (connections.endsWith(raw, reader.wasTooSlow(raw))) reply.header('connection', 'close');
    // Fastify sets `connection: close` for every body error, even of a small body, whose caller may repeat the request
    // here.
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
