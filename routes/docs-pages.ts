import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RoutePlugin } from './route-context.ts';

/** `GET /docs`: Swagger UI, with all that its pages load. */
export const docsPages: RoutePlugin = (app, { docs, publicAddress }) => {
  const show = async (request: FastifyRequest, reply: FastifyReply) => {
    const { statusCode, headers, payload } = await docs.page(request);
    if (statusCode >= 400) return reply.callNotFound();
    const { location, ...others } = headers;
    if (location !== undefined) reply.header('location', `${publicAddress(request.raw).prefix}${location}`);
    return reply.code(statusCode).headers(others).send(payload);
  };
  for (const url of ['/docs', '/docs/*']) app.get(url, { config: { permission: 'docs:read' } }, show);
};
