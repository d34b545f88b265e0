import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { exchange } from './exchange.ts';
import { expectProblem, openGateway, openQueue, sharedGateway } from './gateway-fixture.ts';

type Headers = Readonly<Record<string, string>>;

async function posted(headers: Headers, config?: Config) {
  const gateway = await (config ? openGateway(config) : sharedGateway());
  const messages = openQueue(gateway, 'billing', ['*']);
  const response = await gateway.app.inject({ method: 'POST', url: '/events/a', headers: { host: local, ...headers } });
  return { response, messages: messages() };
}

async function allowed(headers: Headers, config?: Config): Promise<void> {
  const { response } = await posted(headers, config);
  expect(response.statusCode).toBe(202);
}

async function refused(headers: Headers, config?: Config): Promise<void> {
  const { response, messages } = await posted(headers, config);
  expectProblem(response, 'cross-site');
  expect(messages).toEqual([]);
}

const local = '127.0.0.1:3000';
const onAllInterfaces: Config = { http: { host: '0.0.0.0' } };
const known: Config = { http: { allowedHosts: ['Gateway.Example'] } };

describe('a program', () => {
  test('is accepted if it sends neither Origin nor Sec-Fetch-Site', async () => {
    await allowed({});
  });

  test('may say whatever it likes about itself', async () => {
    await allowed({ 'user-agent': 'Mozilla/5.0', referer: 'http://evil.example/', cookie: 'a=b' });
  });

  test.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST:3000',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.1.2.3',
    'localhost.',
    'localhost.:3000',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]:3000',
    '[::1]',
    '[::1]:3000',
    'shop.localhost:3000',
  ])('may call a gateway on loopback %s', async (host) => {
    await allowed({ host });
  });

  test.each(['gateway:3000', '10.0.0.7:3000', '[fd00::7]:3000', 'shop.example'])(
    'may call a gateway on all interfaces %s',
    async (host) => {
      await allowed({ host }, onAllInterfaces);
    },
  );
});

describe('the page of this gateway', () => {
  test.each([local, 'localhost:3000', 'localhost', '[::1]:3000'])('at %s may send', async (host) => {
    await allowed({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' });
  });

  test('may be behind a proxy with TLS', async () => {
    const host = 'gateway.example';
    await allowed({ host, origin: `https://${host}`, 'sec-fetch-site': 'same-origin' }, known);
  });

  test('may have the name of an allowed host, in whatever case', async () => {
    await allowed({ host: 'GATEWAY.example:8080', origin: 'http://GATEWAY.example:8080' }, known);
  });

  test('may be at an address of a gateway on all interfaces', async () => {
    await allowed({ host: '10.0.0.7:3000', origin: 'http://10.0.0.7:3000' }, onAllInterfaces);
  });

  test('may be at the host that the gateway listens on', async () => {
    await allowed({ host: '10.0.0.7:3000', origin: 'http://10.0.0.7:3000' }, { http: { host: '10.0.0.7' } });
  });
});

describe('a browser that a person sent here', () => {
  test('by typing the address is let in', async () => {
    await allowed({ 'sec-fetch-site': 'none' });
  });
});

describe('a page of another site', () => {
  test.each([
    'http://evil.example',
    'https://evil.example',
    'http://127.0.0.1:3001',
    'http://127.0.0.1',
    'http://localhost:3000',
    'http://127.0.0.1:30000',
    'http://127.0.0.1:3000.evil.example',
    'http://evil.example/127.0.0.1:3000',
    'ftp://127.0.0.1:3000',
    'chrome-extension://abcdef',
    'null',
    '',
    'http://127.0.0.1:3000, http://evil.example',
  ])('is rejected for the origin %j', async (origin) => {
    await refused({ origin });
  });

  test.each(['cross-site', 'same-site', 'none, cross-site', 'other', ''])(
    'is rejected for Sec-Fetch-Site %j',
    async (site) => {
      await refused({ 'sec-fetch-site': site });
    },
  );

  test('is refused on a gateway on all interfaces as well', async () => {
    await refused({ host: 'gateway:3000', origin: 'http://evil.example' }, onAllInterfaces);
    await refused({ host: '10.0.0.7:3000', 'sec-fetch-site': 'cross-site' }, onAllInterfaces);
  });

  test('is refused though it names an allowed host', async () => {
    await refused({ host: 'gateway.example', origin: 'http://evil.example' }, known);
  });

  test('is refused when it submits a form', async () => {
    await refused({
      origin: 'http://evil.example',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      'content-type': 'text/plain',
    });
  });

  test.each(['/livez', '/readyz', '/openapi.json', '/docs', '/docs/static/swagger-ui.css', '/nowhere'])(
    'reads nothing of %s',
    async (url) => {
      const { app } = await sharedGateway();
      for (const mode of ['no-cors', 'cors', 'same-origin', 'websocket']) {
        const headers = {
          host: local,
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': mode,
          'sec-fetch-dest': 'empty',
        };
        expectProblem(await app.inject({ url, headers }), 'cross-site');
      }
    },
  );

  test('gets no preflight through', async () => {
    const headers = { host: local, origin: 'http://evil.example', 'access-control-request-method': 'POST' };
    const response = await (await sharedGateway()).app.inject({ method: 'OPTIONS', url: '/events/a', headers });
    expectProblem(response, 'cross-site');
    expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  describe('left by a link', () => {
    const link = {
      host: local,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };

    test.each(['/docs', '/docs/'])('leads to %s', async (url) => {
      expect((await (await sharedGateway()).app.inject({ url, headers: link })).statusCode).toBe(200);
    });

    test('does not lead to a host that is not known', async () => {
      const headers = { ...link, host: 'evil.example' };
      expectProblem(await (await sharedGateway()).app.inject({ url: '/docs', headers }), 'cross-site');
    });

    test.each(['iframe', 'frame', 'object', 'embed', 'empty'])('is not what a navigation for %s is', async (dest) => {
      const headers = { ...link, 'sec-fetch-dest': dest };
      expectProblem(await (await sharedGateway()).app.inject({ url: '/docs', headers }), 'cross-site');
    });

    test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'] as const)('is not what %s is', async (method) => {
      const headers = { ...link };
      expectProblem(await (await sharedGateway()).app.inject({ method, url: '/docs', headers }), 'cross-site');
    });
  });
});

describe('a foreign name that resolves to this address', () => {
  test.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1.nip.io:3000',
    'localhost:3000.evil.example',
    'notlocalhost',
    '0.0.0.0:3000',
    '[::]:3000',
    '128.0.0.1',
    '127.0.0.1:3000@evil.example',
    'user@localhost',
    '[localhost',
  ])('%s is refused on loopback, whoever asks', async (host) => {
    await refused({ host });
  });

  test.each(['evil.example:3000', 'evil.example'])('%s is refused to its own page', async (host) => {
    await refused({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' });
    await refused({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, onAllInterfaces);
  });

  test('is refused on all interfaces when a browser asks without an origin', async () => {
    await refused({ host: 'evil.example', 'sec-fetch-site': 'same-origin' }, onAllInterfaces);
  });

  test('is refused although the one before is allowed', async () => {
    const request = 'POST /events/a HTTP/1.1\nHost: localhost\nHost: evil.example\n\n';
    expectProblem(await exchange(await sharedGateway(), request), 'malformed-request');
  });
});
