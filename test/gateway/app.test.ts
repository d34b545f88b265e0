import { describe, expect, test } from 'vitest';
import { exchange, exchangeAll } from '../http/exchange.ts';
import { expectProblem, openGateway, openQueue, sharedGateway } from '../http/gateway-fixture.ts';

const host = 'Host: localhost';

describe('an unknown route', () => {
  test.each([
    '/',
    '/nowhere',
    '/commands',
    '/commands/billing',
    '/events',
    '/events/a/b',
    '/livez/',
    '/LIVEZ',
    '//livez',
  ])('%s is a problem that leads to the documents', async (path) => {
    const answer = await exchange(await sharedGateway(), `GET ${path} HTTP/1.1\n${host}\n\n`);
    expect(expectProblem(answer, 'route-not-found').detail).toContain('/docs');
  });

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])('is one for %s', async (method) => {
    const answer = await exchange(await sharedGateway(), `${method} /nowhere HTTP/1.1\n${host}\n\n`);
    expectProblem(answer, 'route-not-found');
  });

  test('has no body for HEAD', async () => {
    const response = await (await sharedGateway()).app.inject({ method: 'HEAD', url: '/nowhere' });
    expect(response).toMatchObject({ statusCode: 404, body: '' });
  });

  test('is named without its query, which may hold a secret', async () => {
    const response = await (await sharedGateway()).app.inject('/nowhere?token=hunter2');
    expectProblem(response, 'route-not-found');
    expect(response.body).not.toContain('hunter2');
  });

  test('is malformed if its percent-encoding is broken', async () => {
    const answer = await exchange(await sharedGateway(), `GET /nowhere/%zz?token=hunter2 HTTP/1.1\n${host}\n\n`);
    expectProblem(answer, 'malformed-request');
    expect(answer.body).toContain('The path is not percent-encoded UTF-8. Write a percent sign that stands for itself');
    expect(answer.body).not.toContain('hunter2');
  });
});

describe('another method', () => {
  const methods = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];

  test.each(
    ['/commands/billing/change', '/events/a', '/messages/billing/import'].flatMap((url) =>
      methods.map((method) => [method, url]),
    ),
  )('%s %s is not allowed, but POST', async (method, url) => {
    const answer = await exchange(await sharedGateway(), `${method} ${url} HTTP/1.1\n${host}\n\n`);
    expectProblem(answer, 'method-not-allowed');
    expect(answer.headers.allow).toBe('POST');
  });

  test.each(['/livez', '/readyz', '/openapi.json'])('POST %s is not allowed, but GET and HEAD', async (url) => {
    const response = await (await sharedGateway()).app.inject({ method: 'POST', url });
    expectProblem(response, 'method-not-allowed');
    expect(response.headers.allow).toBe('GET, HEAD');
  });

  test('HEAD on a sending route has no body', async () => {
    const response = await (await sharedGateway()).app.inject({ method: 'HEAD', url: '/events/a' });
    expect(response).toMatchObject({ statusCode: 405, body: '', headers: { allow: 'POST' } });
  });

  test.each([
    ['a content type that is none', { 'content-type': 'x' }, 'x'],
    ['a body that is too large', { 'content-type': 'text/plain' }, 'x'.repeat(1_048_577)],
  ])('is told before %s', async (_issue, headers, payload) => {
    const response = await (await sharedGateway()).app.inject({ method: 'DELETE', url: '/events/a', headers, payload });
    expectProblem(response, 'method-not-allowed');
  });
});

describe('a request that cannot be read', () => {
  test.each([
    ['garbage', 'garbage\n\n'],
    ['another protocol', '\u0016\u0003\u0001\u0002\n\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\n\nSM\n\n'],
    ['a version that does not exist', 'GET /livez HTTP/9.9\n\n'],
    ['a raw byte in its path', 'GET /\u00fc HTTP/1.1\nHost: localhost\n\n'],
    ['a space in a header name', 'GET /livez HTTP/1.1\nHost : localhost\n\n'],
    ['a NUL in a header', 'GET /livez HTTP/1.1\nHost: localhost\nA: \u0000\n\n'],
    ['a folded header', 'GET /livez HTTP/1.1\nHost: localhost\nA: b\n c\n\n'],
    ['a length that is no number', 'POST /events/a HTTP/1.1\nHost: localhost\nContent-Length: x\n\n'],
    ['a negative length', 'POST /events/a HTTP/1.1\nHost: localhost\nContent-Length: -1\n\n'],
    ['two lengths', 'POST /events/a HTTP/1.1\nHost: localhost\nContent-Length: 1\nContent-Length: 2\n\n'],
    [
      'a length and chunks',
      'POST /events/a HTTP/1.1\nHost: localhost\nContent-Length: 1\nTransfer-Encoding: chunked\n\n',
    ],
    [
      'a chunk without a size',
      'POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\nzz\n',
    ],
  ])('is answered with a problem: %s', async (_issue, request) => {
    const [answer] = await exchangeAll(await sharedGateway(), request);
    expect(answer?.headers.connection).toBe('close');
    expectProblem(answer ?? { statusCode: 0, headers: {}, body: '{}' }, 'malformed-request');
  });

  test.each([
    ['no Host', 'GET /livez HTTP/1.1\n\n'],
    ['two Hosts', 'GET /livez HTTP/1.1\nHost: localhost\nHost: localhost\n\n'],
  ])('is answered with a problem because it has %s', async (_issue, request) => {
    expectProblem(await exchange(await sharedGateway(), request), 'malformed-request');
  });

  test.each([
    ['header', `GET /livez HTTP/1.1\n${host}\nA: ${'a'.repeat(20_000)}\n\n`],
    ['path', `GET /${'a'.repeat(20_000)} HTTP/1.1\n${host}\n\n`],
    ['number of headers', `GET /livez HTTP/1.1\n${host}\n${'A: aaaaaaaaaaaaaaa\n'.repeat(2000)}\n`],
  ])('is answered with a problem because of the size of its %s', async (_what, request) => {
    const [answer] = await exchangeAll(await sharedGateway(), request);
    const problem = expectProblem(answer ?? { statusCode: 0, headers: {}, body: '{}' }, 'headers-too-large');
    expect(problem.detail).toContain('larger than 16384 bytes (16 KiB) in all');
  });

  test('leaves the gateway well', async () => {
    const gateway = await sharedGateway();
    await exchangeAll(gateway, 'garbage\n\n');
    expect(await exchange(gateway, `GET /livez HTTP/1.1\n${host}\n\n`)).toMatchObject({ statusCode: 200 });
  });

  test('does not take the answer of the request before it, which was accepted', async () => {
    const gateway = await openGateway();
    const messages = openQueue(gateway, 'listener', ['*']);
    const answers = await exchangeAll(gateway, `POST /events/a HTTP/1.1\n${host}\n\ngarbage\n\n`);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 400]);
    expect(messages()).toHaveLength(1);
  });
});

describe('a body that cannot be read', () => {
  test('makes no second answer for a request that has been answered', async () => {
    const head = 'POST /nowhere HTTP/1.1\nHost: evil.example\nTransfer-Encoding: chunked';
    const answers = await exchangeAll(await sharedGateway(), `${head}\n\nzz\n`);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403]);
  });
});

describe('HTTP', () => {
  test('an unknown expectation is ignored', async () => {
    const answer = await exchange(await sharedGateway(), `GET /livez HTTP/1.1\n${host}\nExpect: nothing\n\n`);
    expect(answer.statusCode).toBe(200);
  });

  test('100-continue is answered', async () => {
    const head = `POST /events/a HTTP/1.1\n${host}\nExpect: 100-continue\nContent-Type: text/plain\nContent-Length: 1\n`;
    const [first, second] = await exchangeAll(await sharedGateway(), `${head}Connection: close\n\na`);
    expect([first?.statusCode, second?.statusCode]).toEqual([100, 202]);
  });

  test('every header counts, however many there are', async () => {
    const request = `POST /events/a HTTP/1.1\n${host}\n${'a:1\n'.repeat(2500)}Origin: http://evil.example\n\n`;
    expectProblem(await exchange(await sharedGateway(), request), 'cross-site');
  });

  test('an upgrade is not made', async () => {
    const request = `GET /livez HTTP/1.1\n${host}\nUpgrade: websocket\nConnection: Upgrade, close\n\n`;
    const [answer] = await exchangeAll(await sharedGateway(), request);
    expect(answer?.statusCode).toBe(200);
  });

  test('a request has to arrive within a time, so that none can hold a connection without end', async () => {
    const { requestTimeout, headersTimeout } = (await sharedGateway()).app.server;
    expect(requestTimeout).toBeGreaterThan(0);
    expect(headersTimeout).toBeGreaterThan(0);
  });
});

describe('every problem', () => {
  test('reveals no stack and no path of a file', async () => {
    const { app } = await sharedGateway();
    const paths = ['/nowhere', '/%zz', '/docs/static/nothing', '/docs/static/%2e%2e/package.json', '/docs/%00'];
    for (const url of paths) {
      const response = await app.inject(url);
      expect(response.headers['content-type'], url).toBe('application/problem+json');
      expect(response.body, url).not.toMatch(/node_modules|\.ts|\bat /);
    }
  });
});
