import { Readable } from 'node:stream';
import type { RouteOptions } from 'fastify';
import { expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/gateway.ts';
import type { RoutePermission } from '../../../src/http/auth/permission.ts';
import { openGateway, quiet } from '../gateway-fixture.ts';
import { bearer, keyOf, keysOf } from './callers.ts';

/** A grant for a request to each route. A new route needs a line here. */
const table: Readonly<Record<string, string>> = {
  'POST /commands/:destination/:routingKey': 'command:billing/change',
  'POST /events/:routingKey': 'event:change',
  'POST /messages/:destination/:channel': 'message:billing/import',
  'POST /cloudevents': 'event:order.placed',
  'POST /batch': 'event:order.placed',
  'POST /stream': 'event:order.placed',
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

/** The routes whose body names the destinations. Any grant to send admits their requests. */
const decidedByBody = ['POST /cloudevents', 'POST /batch', 'POST /stream'];
const sends = (grant: string) => /^(command|event|message):/.test(grant);

/** The parameters of paths. */
const values: Readonly<Record<string, string>> = {
  destination: 'billing',
  routingKey: 'change',
  channel: 'import',
  id: '5f0c6b1e-3b9c-4f0e-8f5e-0a1b2c3d4e5f',
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
  const wanted = Object.entries(table).map(([name, grant]) => [name, sends(grant) ? 'sends' : grant]);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(wanted));
});

test('every HEAD has the permission of its GET', async () => {
  const permissions = Object.fromEntries(await routesOf());
  const heads = Object.keys(permissions).filter((name) => name.startsWith('HEAD ') && permissions[name] !== 'caller');
  expect(heads.length).toBeGreaterThan(5);
  for (const name of heads) expect(permissions[name], name).toBe(permissions[name.replace('HEAD', 'GET')]);
});

/** Returns the grants of all routes except those that admit requests to a given route. */
function grantsWithout(route: string, own: string): string[] {
  const admits = (grant: string) => grant === own || (decidedByBody.includes(route) && sends(grant));
  return [...new Set(Object.values(table))].filter((grant) => grant !== 'open' && !admits(grant));
}

test('every route refuses a caller without the required grant before it reads the body', async () => {
  const routes = (await routesOf()).filter(([, permission]) => permission !== 'caller').map(([name]) => name);
  const grantOf = (route: string) => table[route.replace('HEAD ', 'GET ')] ?? expect.unreachable(`no grant: ${route}`);
  const callers = routes.flatMap((route, index) => {
    const own = grantOf(route);
    return [
      [`with-${index}`, own === 'open' ? [] : [own]],
      [`without-${index}`, grantsWithout(route.replace('HEAD ', 'GET '), own)],
    ];
  });
  const gateway = await openGateway({ auth: { keys: keysOf(Object.fromEntries(callers)) } });
  expect(routes.length).toBeGreaterThan(Object.keys(table).length);
  for (const [index, route] of routes.entries()) {
    const [method = '', path = ''] = route.split(' ');
    const url = path.replace('*', 'static/index.css').replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? '');
    const ask = async (headers: Record<string, string>) => {
      let isRead = false;
      const payload = new Readable({
        read() {
          isRead = true;
          this.push(null);
        },
      });
      const body = method === 'POST' ? { payload } : {};
      const request = { method: method as 'POST', url, headers: { 'content-type': 'text/plain', ...headers }, ...body };
      const { statusCode } = await gateway.app.inject(request);
      return { statusCode, isRead };
    };
    const isOpen = grantOf(route) === 'open';
    const unauthorized = { statusCode: 401, isRead: false };
    const answers = [
      await ask({}),
      await ask(bearer(keyOf('unknown'))),
      await ask({ authorization: 'Basic dTpw' }),
      await ask(bearer(keyOf(`without-${index}`))),
    ];
    if (isOpen) for (const { statusCode } of answers) expect(statusCode, route).toBe(200);
    else expect(answers, route).toEqual([unauthorized, unauthorized, unauthorized, { statusCode: 403, isRead: false }]);
    const { statusCode, isRead } = await ask(bearer(keyOf(`with-${index}`)));
    expect([401, 403, 405, 500], route).not.toContain(statusCode);
    if (route.startsWith('POST /commands')) expect(isRead).toBe(true);
  }
});

test('every other method and an unknown path require a known caller', async () => {
  const routes = (await routesOf())
    .filter(([, permission]) => permission === 'caller')
    .map(([name]) => name.split(' '));
  const others = new Map(routes.map(([method = '', path = '']) => [path, method]));
  const gateway = await openGateway({ auth: { keys: keysOf({ known: [] }) } });
  expect(others.size).toBeGreaterThan(10);
  for (const [url, method] of [...others, ['/unknown', 'GET'] as const]) {
    const ask = async (headers: Record<string, string>) =>
      (await gateway.app.inject({ method: method as 'POST', url, headers })).statusCode;
    const answers = [await ask({}), await ask(bearer(keyOf('unknown'))), await ask(bearer(keyOf('known')))];
    expect(answers, `${method} ${url}`).toEqual([401, 401, url === '/unknown' ? 404 : 405]);
  }
});
