import { startTestGateway, type TestGateway } from 'littoral/testing';
import { afterAll, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { exchange } from './exchange.ts';
import { expectProblem, sharedGateway } from './gateway-fixture.ts';

type Http = NonNullable<Config['http']>;

const proxied: Http = { trustProxy: ['127.0.0.1'], allowedHosts: ['gw.example'] };

const gateways = new Map<string, Promise<TestGateway>>();

/** One gateway for all tests with the same settings. */
function gatewayWith(http: Http): Promise<TestGateway> {
  const key = JSON.stringify(http);
  const gateway = gateways.get(key) ?? startTestGateway({ service: 'shop', http });
  gateways.set(key, gateway);
  return gateway;
}

afterAll(async () => {
  for (const gateway of gateways.values()) await (await gateway).stop();
});

async function get(url: string, headers: Record<string, string | string[]>, http: Http, remoteAddress = '127.0.0.1') {
  const { app } = await gatewayWith(http);
  const request = { url, remoteAddress, headers: { host: 'localhost:3000', ...(headers as Record<string, string>) } };
  return app.inject(request);
}

/** The path that the OpenAPI document names as that of its server. */
async function serverOf(headers: Record<string, string | string[]>, http: Http, remoteAddress?: string) {
  const servers = [];
  for (const url of ['/openapi.json', '/docs/json']) {
    servers.push((await get(url, headers, http, remoteAddress)).json().servers[0].url);
  }
  expect(servers[1]).toBe(servers[0]);
  return servers[0];
}

describe('http.basePath', () => {
  const http = { basePath: '/gateway' };

  test.each(['/gateway/livez', '/livez', '/gateway/livez?x=/livez'])('serves %s', async (url) => {
    expect((await get(url, {}, http)).json()).toEqual({ status: 'alive' });
  });

  test.each(['/gateways/livez', '/gatewa/livez', '/x/gateway/livez', '//gateway/livez', '/gateway/gateway/livez'])(
    'does not serve %s',
    async (url) => {
      const answer = await exchange(await gatewayWith(http), `GET ${url} HTTP/1.1\nHost: localhost\n\n`);
      expect(answer.statusCode).toBe(404);
    },
  );

  test('keeps what is encoded in a key, and the query', async () => {
    const { app } = await gatewayWith(http);
    const url = '/gateway/events/a%2Fb%20c?x=1';
    expect((await app.inject({ method: 'POST', url, headers: { host: 'localhost' } })).statusCode).toBe(202);
    expectProblem(
      await app.inject({ url: '/gateway/events/a%2Fb?x', headers: { host: 'localhost' } }),
      'method-not-allowed',
    );
  });

  test.each([
    ['/gateway', '/gateway'],
    ['/gateway/', '/gateway'],
    ['/a/b-c_d.e~f', '/a/b-c_d.e~f'],
    ['/', '/'],
    ['', '/'],
  ])('of %j makes the server of the document %j', async (basePath, server) => {
    expect(await serverOf({}, { basePath })).toBe(server);
  });

  test('stands in front of redirects', async () => {
    const { headers, statusCode } = await get('/gateway/docs/static/index.html', {}, http);
    expect({ statusCode, location: headers.location }).toEqual({ statusCode: 302, location: '/gateway/docs/' });
    expect((await get('/docs/static/index.html', {}, {})).headers.location).toBe('/docs/');
  });
});

describe('X-Forwarded-Prefix', () => {
  test.each([
    ['/gateway', '/gateway'],
    ['/gateway/', '/gateway'],
    ['/a/b', '/a/b'],
    ['/', '/'],
  ])('%j of a trusted proxy makes the server %j', async (prefix, server) => {
    expect(await serverOf({ 'x-forwarded-prefix': prefix }, proxied)).toBe(server);
    const { headers } = await get('/docs/static/index.html', { 'x-forwarded-prefix': prefix }, proxied);
    expect(headers.location).toBe(`${server === '/' ? '' : server}/docs/`);
  });

  test('does not change http.basePath, for proxies pass on what their callers send', async () => {
    const http = { ...proxied, basePath: '/base' };
    expect(await serverOf({ 'x-forwarded-prefix': '/forwarded' }, http)).toBe('/base');
    expect(await serverOf({}, http)).toBe('/base');
  });

  test('takes nothing away from the path', async () => {
    const { app } = await gatewayWith(proxied);
    const headers = { host: 'localhost', 'x-forwarded-prefix': '/events' };
    expect((await app.inject({ method: 'POST', url: '/events/events', headers })).statusCode).toBe(202);
  });

  test.each<string | string[]>([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '"><script>alert(1)</script>',
    "/'-alert(1)-'",
    '/a"onload="x',
    '/a b',
    '/a\tb',
    '/a%0d%0aSet-Cookie:x=1',
    '/a?b',
    '/a#b',
    '/a//b',
    '/..',
    '/a/../b',
    '/./a',
    'gateway',
    '',
    '/a, /b',
    ['/a', '/b'],
    `/${'a'.repeat(255)}`,
    '/ż',
    '/$(id)',
  ])('%j of a trusted proxy is ignored', async (prefix) => {
    expect(await serverOf({ 'x-forwarded-prefix': prefix }, proxied)).toBe('/');
    const { headers } = await get('/docs/static/index.html', { 'x-forwarded-prefix': prefix }, proxied);
    expect(headers.location).toBe('/docs/');
    const page = await get('/docs', { 'x-forwarded-prefix': prefix }, proxied);
    expect(page.body).toBe((await (await sharedGateway()).app.inject('/docs')).body);
  });

  test('does not get a line of its own into an answer', async () => {
    const gateway = await gatewayWith(proxied);
    const lines = ['Host: localhost', 'X-Forwarded-Prefix: /a\rSet-Cookie: x=1'];
    const answer = await exchange(gateway, `GET /docs/static/index.html HTTP/1.1\n${lines.join('\n')}\n\n`);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });
});

describe('http.trustProxy', () => {
  const forwarded = {
    'x-forwarded-prefix': '/gateway',
    'x-forwarded-host': 'gw.example',
    'x-forwarded-proto': 'https',
    forwarded: 'host=gw.example;proto=https',
  };

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['10.0.0.0/8', '10.1.2.3'],
    ['10.0.0.0/8', '::ffff:10.1.2.3'],
    ['fd00::/8', 'fd00::7'],
    ['::1', '::1'],
    ['0.0.0.0/0', '203.0.113.9'],
  ])('of %s believes %s', async (network, address) => {
    const http = { trustProxy: [network], allowedHosts: ['gw.example'] };
    expect(await serverOf(forwarded, http, address)).toBe('/gateway');
  });

  test.each([
    [[], '127.0.0.1'],
    [['127.0.0.1'], '127.0.0.2'],
    [['10.0.0.0/8'], '11.0.0.1'],
    [['10.0.0.0/8'], '::ffff:11.0.0.1'],
    [['10.0.0.0/8'], '::1'],
    [['::1'], '127.0.0.1'],
    [['fd00::/8'], 'fe80::1'],
  ])('of %j does not believe %s', async (trustProxy, address) => {
    expect(await serverOf(forwarded, { trustProxy }, address)).toBe('/');
    const headers = { ...forwarded, host: '127.0.0.1:3000', origin: 'https://gw.example' };
    const http = { trustProxy, allowedHosts: ['gw.example'] };
    expectProblem(await get('/endpoints', headers, http, address), 'cross-site');
  });

  test('does not believe addresses that the request names', async () => {
    const headers = { ...forwarded, 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.1', via: '1.1 10.0.0.1' };
    expect(await serverOf(headers, { trustProxy: ['10.0.0.0/8'] }, '203.0.113.9')).toBe('/');
  });
});

describe('the page of a gateway behind a proxy', () => {
  async function sent(headers: Record<string, string>, http: Http = proxied): Promise<number> {
    const { app } = await gatewayWith(http);
    const browser = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
    return (await app.inject({ method: 'POST', url: '/events/a', headers: { ...browser, ...headers } })).statusCode;
  }

  test.each([
    ['gw.example', 'https', 'https://gw.example'],
    ['gw.example:443', 'https', 'https://gw.example'],
    ['gw.example', 'https', 'https://gw.example:443'],
    ['gw.example:8443', 'https', 'https://gw.example:8443'],
    ['gw.example:80', 'http', 'http://gw.example'],
    ['gw.example:8080', 'HTTP', 'http://gw.example:8080'],
    ['GW.example', 'https', 'https://gw.example'],
  ])('accepts, for the forwarded host %j and protocol %j, the origin %s', async (host, proto, origin) => {
    const forwarded = { 'x-forwarded-host': host, 'x-forwarded-proto': proto };
    expect(await sent({ host: '127.0.0.1:3000', origin, ...forwarded })).toBe(202);
  });

  test.each([
    ['gw.example', 'https://gw.example'],
    ['gw.example', 'http://gw.example'],
    ['gw.example:8080', 'http://gw.example:8080'],
    ['gw.example:443', 'https://gw.example'],
  ])('may send from a host %j that the proxy keeps, at %s', async (host, origin) => {
    expect(await sent({ host, origin }, { allowedHosts: ['gw.example'] })).toBe(202);
  });

  test.each([
    ['gw.example', 'https', 'http://gw.example'],
    ['gw.example', 'http', 'https://gw.example'],
    ['gw.example', 'https', 'https://gw.example:8443'],
    ['gw.example:8443', 'https', 'https://gw.example'],
    ['gw.example', 'https', 'https://evil.example'],
    ['evil.example', 'https', 'https://evil.example'],
    ['gw.example, evil.example', 'https', 'https://evil.example'],
    ['evil.example, gw.example', 'https', 'https://gw.example'],
    ['gw.example@evil.example', 'https', 'https://evil.example'],
    ['gw.example/x', 'https', 'https://gw.example'],
    ['gw.example', 'https', 'null'],
  ])('rejects, for the forwarded host %j and protocol %j, the origin %s', async (host, proto, origin) => {
    const forwarded = { 'x-forwarded-host': host, 'x-forwarded-proto': proto };
    expect(await sent({ host: '127.0.0.1:3000', origin, ...forwarded })).toBe(403);
  });

  test('is told what the proxy has to do', async () => {
    const headers = { host: '127.0.0.1:3000', origin: 'https://gw.example' };
    const { detail } = expectProblem(await get('/endpoints', headers, {}), 'cross-site');
    expect(detail).toContain('http://127.0.0.1:3000');
    expect(detail).toMatch(/X-Forwarded-Host and X-Forwarded-Proto.*http\.trustProxy/);
  });

  test('is refused at a host that is not allowed, whichever proxy forwards it', async () => {
    const headers = { host: '127.0.0.1:3000', 'x-forwarded-host': 'rebound.example', 'sec-fetch-site': 'same-origin' };
    const { detail } = expectProblem(await get('/endpoints', headers, proxied), 'cross-site');
    expect(detail).toContain("'rebound.example'");
  });
});

describe('dead letters behind a proxy', () => {
  test.each<Http>([{ trustProxy: ['127.0.0.1'] }, { basePath: '/gateway' }])(
    'need an admin token, for all come from loopback: %j',
    async (http) => {
      expectProblem(await get('/dead-letters', {}, http), 'admin-token-not-set');
    },
  );
});
