import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { LittoralError } from '../../src/errors.ts';
import { expectProblem, openGateway } from './gateway-fixture.ts';

const adminToken = 'a-token-of-an-admin';
const open: Config = { http: { host: '0.0.0.0', adminToken } };

interface Caller {
  readonly from?: string;
  readonly host?: string;
  readonly token?: string;
}

async function read(url: string, { from = '10.1.2.3', host = '10.0.0.7:3000', token }: Caller, config = open) {
  const { app, channel } = await openGateway(config);
  const headers = { host, ...(token && { authorization: `Bearer ${token}` }) };
  const get = () => app.inject({ method: 'GET', url, headers, remoteAddress: from });
  return { get, channel };
}

const address = 'amqp://broker.internal:5672';

/** Sends a request to a gateway whose broker is unavailable. */
async function readWithoutBroker(caller: Caller, config?: Config) {
  const { get, channel } = await read('/readyz', caller, config);
  channel.health = () => ({ ready: false, reason: `cannot use ${address}` });
  return get();
}

const insiders: [string, Caller, Config?][] = [
  ['a program on loopback', { from: '127.0.0.1', host: 'localhost:3000' }],
  ['a program on loopback that writes a whole name', { from: '::1', host: 'localhost.' }],
  ['a program on loopback by IPv4 within IPv6', { from: '::ffff:127.0.0.1', host: '[::ffff:127.0.0.1]:3000' }],
  ['the admin from elsewhere', { token: adminToken }],
];

const strangers: [string, Caller, Config?][] = [
  ['a caller from elsewhere', {}],
  ['a caller from elsewhere who says localhost', { host: 'localhost' }],
  ['a page that was led to loopback by a name of its own', { from: '127.0.0.1', host: 'evil.example' }],
  ['a caller with another token', { token: `${adminToken}2` }],
  [
    'a caller behind a proxy on this machine',
    { from: '127.0.0.1', host: 'localhost' },
    { http: { host: '0.0.0.0', trustProxy: ['127.0.0.1'] } },
  ],
];

describe('the answer of /readyz', () => {
  test.each(insiders)('names service, channel and broker to %s', async (_who, caller, config) => {
    expect((await (await read('/readyz', caller, config)).get()).json()).toMatchObject({
      status: 'ready',
      service: 'shop',
    });
    expect(expectProblem(await readWithoutBroker(caller, config), 'not-ready').detail).toContain(address);
  });

  test.each(strangers)('contains only the status for %s', async (_who, caller, config) => {
    expect((await (await read('/readyz', caller, config)).get()).json()).toEqual({ status: 'ready' });
    const { detail } = expectProblem(await readWithoutBroker(caller, config), 'not-ready');
    expect(detail).toBe(
      'Not ready. The reason is in the log of the gateway. Callers with the grant endpoints:read get it here as well; without auth, callers on loopback or with the admin token.',
    );
  });
});

describe('the deferred keys of /endpoints', () => {
  test.each(insiders)('are shown to %s', async (_who, caller, config) => {
    const [endpoint] = (await (await read('/endpoints', caller, config)).get()).json().endpoints;
    expect(endpoint).toMatchObject({ name: 'shop', deferred: [] });
  });

  test.each(strangers)('are hidden from %s', async (_who, caller, config) => {
    expect((await (await read('/endpoints', caller, config)).get()).body).not.toContain('deferred');
  });
});

describe('a refusal of the broker', () => {
  test.each(['broker-unavailable', 'broker-blocked', 'connection-lost', 'topology-mismatch'] as const)(
    'keeps its code and loses its details for strangers: %s',
    async (code) => {
      const { app, channel } = await openGateway(open);
      channel.publish = async () => {
        throw new LittoralError(code, `cannot use ${address}`, { messageId: 'f' });
      };
      const post = (remoteAddress: string, host: string) =>
        app.inject({ method: 'POST', url: '/events/a', headers: { host }, remoteAddress });
      const problem = expectProblem(await post('10.1.2.3', 'gateway:3000'), code);
      expect(problem.detail).not.toContain('broker.internal');
      expect(problem.messageId).toBe('f');
      expect(expectProblem(await post('127.0.0.1', 'localhost'), code).detail).toContain(address);
    },
  );
});

describe('a foreign host on all interfaces', () => {
  test.each(['/endpoints', '/openapi.json', '/docs', '/docs/', '/docs/json', '/dead-letters', '/no-such-path'])(
    'may not read %s',
    async (url) => {
      const { get } = await read(url, { from: '127.0.0.1', host: 'evil.example' });
      const response = await get();
      expect(expectProblem(response, 'cross-site').detail).toContain('http.allowedHosts');
    },
  );

  test.each(['/livez', '/readyz'])('may request %s, as orchestrators do under their own names', async (url) => {
    expect((await (await read(url, { host: 'shop.default.svc' })).get()).statusCode).toBe(200);
  });

  test('may read everything once http.allowedHosts names it', async () => {
    const allowed = { http: { host: '0.0.0.0', allowedHosts: ['gateway.example'] } };
    expect((await (await read('/endpoints', { host: 'gateway.example' }, allowed)).get()).statusCode).toBe(200);
  });
});

describe('x-content-type-options', () => {
  test.each([
    '/livez',
    '/readyz',
    '/endpoints',
    '/openapi.json',
    '/docs',
    '/docs/',
    '/docs/static/swagger-ui.css',
    '/nothing',
    '/%zz',
  ])('is nosniff on %s', async (url) => {
    const { get } = await read(url, { from: '127.0.0.1', host: 'localhost' }, {});
    expect((await get()).headers['x-content-type-options']).toBe('nosniff');
  });
});
