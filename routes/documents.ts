import Type from 'typebox';
import { withPrefix } from '../src/http/openapi.ts';
import type { RoutePlugin } from './route-context.ts';

/** `GET /openapi.json`: the OpenAPI document. Swagger UI shows it under `/docs`. */
export const documents: RoutePlugin = (app, { publicAddress }) => {
  app.get(
    '/openapi.json',
    {
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
    async ({ raw }) => withPrefix(app.swagger(), publicAddress(raw).prefix),
  );
};
