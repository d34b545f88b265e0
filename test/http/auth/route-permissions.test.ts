import type { RouteOptions } from 'fastify';
import { expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/gateway.ts';
import type { RoutePermission } from '../../../src/http/auth/permission.ts';
import { quiet } from '../gateway-fixture.ts';

/** The permission of each route. A new route needs a line here; `sends` stands for a permission by the request. */
const table: Readonly<Record<string, string>> = {
  'POST /commands/:destination/:routingKey': 'sends',
  'POST /events/:routingKey': 'sends',
  'POST /messages/:destination/:channel': 'sends',
  'POST /cloudevents': 'sends',
  'POST /batch': 'sends',
  'POST /stream': 'sends',
  'POST /deliveries/pull': 'deliveries:pull',
  'POST /deliveries/settle': 'deliveries:pull',
  'POST /deliveries/extend': 'deliveries:pull',
  'GET /endpoints': 'endpoints:read',
  'GET /dead-letters': 'dead-letters:read',
  'GET /dead-letters/:id': 'dead-letters:read',
  'POST /dead-letters/:id/replay': 'dead-letters:replay',
  'POST /dead-letters/replay': 'dead-letters:replay',
  'DELETE /dead-letters/:id': 'dead-letters:delete',
  'GET /metrics': 'metrics:read',
  'GET /livez': 'open',
  'GET /readyz': 'open',
  'GET /openapi.json': 'docs:read',
  'GET /docs': 'docs:read',
  'GET /docs/*': 'docs:read',
};

/** Returns each route of a gateway with its permission; undefined for a route without one. */
async function routesOf(): Promise<[string, RoutePermission | undefined][]> {
  const { app, stop } = createGateway({ service: 'shop' }, quiet);
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  await app.ready();
  await stop();
  return routes.flatMap(({ method, url, config }) =>
    [method].flat().map((name): [string, RoutePermission | undefined] => [`${name} ${url}`, config?.permission]),
  );
}

test('every route has the permission of the table', async () => {
  const routes = await routesOf();
  const own = routes.filter(([name, permission]) => permission !== 'caller' && !name.startsWith('HEAD '));
  const shown = own.map(([name, permission]) => [name, typeof permission === 'function' ? 'sends' : permission]);
  expect(Object.fromEntries(shown)).toEqual(table);
});

test('every HEAD has the permission of its GET', async () => {
  const permissions = Object.fromEntries(await routesOf());
  const heads = Object.keys(permissions).filter((name) => name.startsWith('HEAD ') && permissions[name] !== 'caller');
  expect(heads.length).toBeGreaterThan(5);
  for (const name of heads) expect(permissions[name], name).toBe(permissions[name.replace('HEAD', 'GET')]);
});
