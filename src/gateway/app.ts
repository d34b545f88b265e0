import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { docsPages } from '../../routes/docs-pages.ts';
import { registerRoutes, type Surface } from '../../routes/index.ts';
import { ProblemDetails } from '../../routes/problem-schemas.ts';
import type { HttpContext, RouteContext } from '../../routes/route-context.ts';
import { LittoralError } from '../errors.ts';
import type { Access } from '../http/auth/access.ts';
import { BodyMemory } from '../http/body/body-memory.ts';
import { arrivedBytes, type BodyLimits } from '../http/body/body-reader.ts';
import { type BodyCount, headersTimeoutMs, readBodies, requestTimeoutMs } from '../http/body/read-bodies.ts';
import type { Connections } from '../http/connections.ts';
import { type InsiderOptions, insiderCheck, withoutDetails } from '../http/insiders.ts';
import { lazyCompilers } from '../http/lazy-serializers.ts';
import { type OriginGuardOptions, originGuard } from '../http/origin-guard.ts';
import { asLittoralError, clientError, noSniffing, rawProblem, sendProblem } from '../http/problem.ts';
import { type ProxyOptions, publicAddressReader, withoutBasePath } from '../http/public-address.ts';
import { RequestLog } from '../http/request-log.ts';
import { assertWellFormedTarget } from '../http/request-target.ts';
import { HandshakeLog } from '../http/tls/handshake-log.ts';
import type { ServerCertificates } from '../http/tls/server-certificates.ts';
import type { Logger } from '../logger.ts';
import { errorFields } from '../text/error-chain.ts';
import { createDocs } from './docs-app.ts';

export interface AppOptions {
  readonly routes: Omit<RouteContext, 'docs' | keyof HttpContext>;
  readonly logger: Logger;
  readonly bodies: BodyLimits;
  readonly guard: Omit<OriginGuardOptions, 'publicAddress'>;
  readonly insiders: Omit<InsiderOptions, 'publicAddress'>;
  /** Default: it stands behind no proxy. */
  readonly proxy?: ProxyOptions;
  readonly connections: Connections;
  /** Default: `all` routes. */
  readonly surface?: Surface;
  /** Default: it speaks plain HTTP. */
  readonly certificates?: ServerCertificates | undefined;
  /** Default: every caller may do everything. */
  readonly access?: Access | undefined;
}

const require = createRequire(import.meta.url);

/** Loads the library of the HTTP server. A command without HTTP, or a test of handlers, does not need it. */
function loadFastify(): typeof import('fastify') {
  return require('fastify');
}

/** Creates the HTTP server with its routes, its documents, and one format for every error. It does not listen yet. */
export function createApp(options: AppOptions): FastifyInstance {
  const {
    routes,
    logger,
    bodies,
    guard,
    proxy = noProxy,
    connections,
    certificates,
    access,
    surface = 'all',
  } = options;
  // Operators get through while callers are limited.
  const limits = surface === 'management' ? undefined : routes.publishing.limits;
  const requestLog = new RequestLog(logger, routes.metrics);
  const { basePath } = proxy;
  const publicAddress = publicAddressReader(proxy);
  const rewriteUrl = ({ url = '' }: IncomingMessage) => withoutBasePath(url, basePath);
  const { fastify, LogController } = loadFastify();
  const handshakes = new HandshakeLog(logger);
  const app = fastify({
    schemaController: { compilersFactory: lazyCompilers },
    loggerInstance: logger as FastifyBaseLogger,
    // `RequestLog` writes the lines of requests.
    logController: new LogController({ disableRequestLogging: true }),
    ...(basePath === '' ? {} : { rewriteUrl }),
    requestTimeout: requestTimeoutMs(bodies),
    // Keys are measured in bytes, after decoding, by what publishes them; this is more than Node lets through.
    routerOptions: { maxParamLength: 65_536 },
    http: serverOptions,
    // An object without known fields, because Fastify's types tell the servers apart by them.
    ...((certificates ? { https: { ...serverOptions, ...certificates.options() } } : {}) as object),
    return503OnClosing: false,
    frameworkErrors(error, request, reply) {
      endConnection(request, reply);
      const known = asLittoralError(error);
      requestLog.refused(request, known);
      sendProblem(reply, known);
    },
    clientErrorHandler(error, socket) {
      if (certificates && !connections.isServed(socket)) {
        handshakes.failed(error, socket as TLSSocket);
        return void socket.destroy();
      }
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && connections.isExempt(socket as Socket)) return;
      if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy(error);
      const known = clientError(error);
      if (known.code === 'headers-too-large') requestLog.refusedUnread(socket as Socket, known);
      connections.refuse(socket, rawProblem(known));
    },
  });
  // Node would drop what comes after two thousand headers; their size is limited all the same.
  app.server.maxHeadersCount = 0;
  connections.watch(app.server);
  certificates?.attach(app.server as unknown as Server);
  app.addHook('preClose', (done) => {
    connections.endAll();
    done();
  });
  const memory = new BodyMemory(bodies.maxInFlightBytes);
  const count: BodyCount | undefined = limits && {
    arrived: (request, reply) => limits.countBody(request, reply),
    discarded: (request, bytes) => limits.countUnused(request, bytes),
  };
  const endConnection = readBodies(app, bodies, connections, memory, count);
  app.addSchema(ProblemDetails);

  const isInsider = access
    ? (request: FastifyRequest) => access.isGranted(request, 'endpoints:read')
    : insiderCheck({ ...options.insiders, publicAddress });
  const requireSameSite = originGuard({ ...guard, publicAddress });
  /** Continues with a request whose caller is admitted. */
  const enter = (request: FastifyRequest, reply: FastifyReply) => {
    if (request.is404) throw routeNotFound(request, surface);
    limits?.admit(request, reply);
  };
  // Runs before the body is read. One hook for all of it, because each hook costs time.
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(noSniffing);
    assertWellFormedTarget(request);
    requireSameSite(request);
    const admission = access?.admit(request);
    if (admission !== undefined) return void admission.then(() => enter(request, reply)).then(() => done(), done);
    enter(request, reply);
    done();
  });

  const logRefused = (request: FastifyRequest) => {
    const refused = access?.takeRefused(request);
    if (refused) requestLog.refusedMessages(request, refused);
  };
  app.addHook('onResponse', (request, reply, done) => {
    logRefused(request);
    requestLog.answered(request, reply);
    done();
  });

  app.setErrorHandler((error, request, reply) => {
    const known = asLittoralError(error);
    limits?.countUnused(request, arrivedBytes(request.raw));
    if (known.code === 'internal-error')
      request.log.error({ err: errorFields(error), route: request.routeOptions.url }, 'a request failed');
    requestLog.refused(request, known);
    endConnection(request, reply);
    return sendProblem(reply, isInsider(request) ? known : withoutDetails(known));
  });
  app.setNotFoundHandler((request) => {
    throw routeNotFound(request, surface);
  });

  const { minBodyBytesPerSecond: minBytesPerSecond } = bodies;
  const context = { ...routes, publicAddress, isInsider, logRefused, connections, memory, minBytesPerSecond };
  const docs = createDocs(context);
  app.register(async (scope) => {
    registerRoutes(scope, { ...context, docs }, surface);
    if (surface !== 'callers') docsPages(scope, { ...context, docs });
  });
  rejectOtherMethods(app);
  return app;
}

// Node and Fastify would answer both themselves, without a problem document.
const serverOptions = {
  requireHostHeader: false,
  headersTimeout: headersTimeoutMs,
  connectionsCheckingInterval: 5_000,
};

const noProxy: ProxyOptions = { basePath: '', trustProxy: [] };

function routeNotFound({ method, url }: FastifyRequest, surface: Surface): LittoralError {
  const where = surface === 'callers' ? '/docs of the management listener (http.management)' : '/docs';
  return new LittoralError(
    'route-not-found',
    `No route ${method} ${url.split('?')[0]}. All routes are listed under ${where}.`,
  );
}

/** A known path with another method is 405 and says which ones there are (RFC 9110 section 15.5.6). */
function rejectOtherMethods(app: FastifyInstance): void {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsOf.set(url, methods);
  });
  app.register(async (scope) => {
    for (const [url, methods] of [...methodsOf]) {
      if (url.startsWith('/docs')) continue;
      const allow = [...methods].join(', ');
      const refuse = ({ method }: FastifyRequest) => {
        throw new LittoralError('method-not-allowed', `${url} does not support ${method}. Supported: ${allow}.`, {
          headers: { allow },
        });
      };
      const others = scope.supportedMethods.filter((name) => !methods.has(name)) as HTTPMethods[];
      // Runs before the body is read, which may have issues of its own.
      scope.route({
        method: others,
        url,
        schema: { hide: true },
        config: { permission: 'caller' },
        onRequest: refuse,
        handler: refuse,
      });
    }
  });
}
