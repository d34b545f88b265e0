import Type from 'typebox';
import type { RoutePlugin } from './route-context.ts';

/** `GET /openapi.json`: the OpenAPI document. `docs-pages.ts` serves the pages that show it. */
export const documents: RoutePlugin = (app, { docs }) => {
  app.get(
    '/openapi.json',
    {
      config: { permission: 'docs:read' },
      schema: {
        tags: ['Documents'],
        operationId: 'openapi',
        summary: 'This description, as an OpenAPI document',
        response: {
          200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: Type.Unknown() } } },
        },
      },
      serializerCompiler: () => JSON.stringify,
    },
    (request) => docs.openApi(request),
  );
};
