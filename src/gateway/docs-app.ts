import { createRequire } from 'node:module';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { registerRoutes } from '../../routes/index.ts';
import { ProblemDetails, problems } from '../../routes/problem-schemas.ts';
import type { Docs, RouteContext } from '../../routes/route-context.ts';
import type { RoutePermission } from '../http/auth/permission.ts';
import { lazyCompilers } from '../http/lazy-serializers.ts';
import { openApi, withPrefix } from '../http/openapi.ts';
import { withSecurity } from '../http/openapi-security.ts';

const require = createRequire(import.meta.url);

/** The refusals that each route with credentials can answer. */
const refusals = problems('unauthorized', 'insufficient-scope', 'auth-unavailable');

/** Returns the document for the caller of a request. */
type Describe = <Document extends object>(request: FastifyRequest['raw'], document: Document) => Document;

interface DocsParts {
  readonly docs: Docs;
  /** Filled with the permission of each route. */
  readonly permissions: Map<string, RoutePermission | undefined>;
  readonly describedTo: Describe;
}

/**
 * Returns the OpenAPI document and the pages of Swagger UI. A separate server, which does not listen, creates them on
 * first use, because loading their packages takes a tenth of the start, and few processes ever need them.
 */
export function createDocs(context: Omit<RouteContext, 'docs'>): Docs {
  let opened: Promise<FastifyInstance> | undefined;
  /** The permissions of the routes, by method and path. */
  const permissions = new Map<string, RoutePermission | undefined>();
  /** Returns the document for a caller. The accepted credentials can change while the gateway runs. */
  const describedTo: Describe = (request, document) => {
    const secured = withSecurity(document, permissions, context.publishing.access?.accepted);
    return withPrefix(secured, context.publicAddress(request).prefix);
  };
  const open = () => {
    opened ??= openDocsApp(context, { docs, permissions, describedTo });
    return opened;
  };
  const docs: Docs = {
    async openApi({ raw }) {
      return describedTo(raw, (await open()).swagger());
    },
    async page({ raw: { url, headers, socket } }) {
      const app = await open();
      const {
        statusCode,
        headers: answered,
        rawPayload,
      } = await app.inject({
        method: 'GET',
        url: url ?? '/',
        headers,
        remoteAddress: socket.remoteAddress ?? '',
      });
      const { connection: _, date: _date, 'transfer-encoding': _encoding, ...kept } = answered;
      return { statusCode, headers: kept, payload: rawPayload };
    },
  };
  return docs;
}

async function openDocsApp(
  context: Omit<RouteContext, 'docs'>,
  { docs, permissions, describedTo }: DocsParts,
): Promise<FastifyInstance> {
  const { fastify }: typeof import('fastify') = require('fastify');
  const swagger: typeof import('@fastify/swagger') = require('@fastify/swagger');
  const swaggerUi: typeof import('@fastify/swagger-ui') = require('@fastify/swagger-ui');
  const app = fastify({ schemaController: { compilersFactory: lazyCompilers } });
  app.addSchema(ProblemDetails);
  app.register(swagger.default, {
    openapi: openApi,
    refResolver: { buildLocalReference: (schema, _base, _fragment, index) => String(schema.$id ?? `schema-${index}`) },
  });
  app.register(swaggerUi.default, {
    routePrefix: '/docs',
    // The links are relative then, so they work behind any path prefix.
    indexPrefix: '.',
    staticCSP: contentSecurityPolicy,
    uiConfig: { tryItOutEnabled: true },
    transformSpecification: (document, { raw }) => describedTo(raw, document),
    transformSpecificationClone: false,
  });
  app.register(async (scope) => {
    // This server only describes the routes. The gateway's own server answers the requests, and checks their callers.
    scope.addHook('onRoute', (route) => {
      const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
      if (route.schema && route.config?.permission !== 'open') {
        // The answers of the route override these, because they can describe more errors with the same status.
        route.schema = { ...route.schema, response: { ...refusals, ...(route.schema.response as object) } };
      }
      for (const method of [route.method].flat()) {
        permissions.set(`${method.toLowerCase()} ${path}`, route.config?.permission);
      }
      route.handler = (_request, reply) => reply.code(404).send();
    });
    registerRoutes(scope, { ...context, docs });
  });
  await app.ready();
  return app;
}

// Swagger UI needs inline styles and images; nothing from elsewhere, and no page may frame it.
const contentSecurityPolicy = {
  'default-src': "'self'",
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'object-src': "'none'",
  'base-uri': "'self'",
  'frame-ancestors': "'none'",
};
