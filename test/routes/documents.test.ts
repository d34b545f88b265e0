import { Validator } from '@seriousme/openapi-schema-validator';
import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import { errorTable } from '../../src/errors.ts';
import { keyOf, keysOf } from '../http/auth/callers.ts';
import { openGateway, sharedGateway } from '../http/gateway-fixture.ts';

// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
type Json = any;

async function openApi(): Promise<Json> {
  return (await (await sharedGateway()).app.inject('/openapi.json')).json();
}

async function operations(): Promise<{ name: string; operation: Json }[]> {
  const { paths } = await openApi();
  return Object.entries<Json>(paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
}

const sending = [
  'POST /commands/{destination}/{routingKey}',
  'POST /events/{routingKey}',
  'POST /messages/{destination}/{channel}',
  'POST /cloudevents',
];
const sendingMany = ['POST /batch', 'POST /stream'];

const ofDeadLetters = [
  'GET /dead-letters',
  'GET /dead-letters/{id}',
  'POST /dead-letters/{id}/replay',
  'POST /dead-letters/replay',
  'DELETE /dead-letters/{id}',
];
const ofDeliveries = ['POST /deliveries/pull', 'POST /deliveries/settle', 'POST /deliveries/extend'];

describe('GET /openapi.json', () => {
  test('is a valid OpenAPI document', async () => {
    const result = await new Validator().validate(await openApi());
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  test('is JSON, which can be opened in a browser', async () => {
    const response = await (await sharedGateway()).app.inject('/openapi.json');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toMatch(/^application\/json/);
  });

  test('has every route and no more', async () => {
    const names = (await operations()).map(({ name }) => name);
    expect(names.toSorted()).toEqual(
      [
        ...sending,
        ...sendingMany,
        ...ofDeadLetters,
        ...ofDeliveries,
        'GET /endpoints',
        'GET /livez',
        'GET /metrics',
        'GET /readyz',
        'GET /openapi.json',
      ].toSorted(),
    );
  });

  test('describes each route', async () => {
    for (const { name, operation } of await operations()) {
      expect(operation, name).toMatchObject({
        operationId: expect.stringMatching(/\w/),
        summary: expect.stringMatching(/\w/),
        tags: [expect.stringMatching(/\w/)],
      });
    }
  });

  test('has operation ids that are its own', async () => {
    const ids = (await operations()).map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('lists the request headers of each sending route', async () => {
    const names = [
      'Message-Id',
      'Idempotency-Key',
      'Message-Correlation-Id',
      'Message-Parent-Id',
      'Message-Headers',
      'Message-Header-Executor-Id',
      'Message-Content-Type',
      'Message-Time-To-Live',
      'Message-Priority',
      'Message-Delay',
      'traceparent',
      'tracestate',
      'baggage',
    ];
    for (const { name, operation } of await operations()) {
      if (!sending.includes(name)) continue;
      const headers = operation.parameters.filter((parameter: Json) => parameter.in === 'header');
      const ofEvents = ['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-subject'];
      const others = names.filter((header) => !['Message-Id', 'Idempotency-Key'].includes(header));
      const expected = name === 'POST /cloudevents' ? [...ofEvents, ...others] : [...names];
      if (name.includes('events')) expected.push('Prefer');
      expect(headers.map((header: Json) => header.name).toSorted(), name).toEqual(expected.toSorted());
      for (const header of headers) {
        expect(header, `${name} ${header.name}`).toMatchObject({ description: expect.stringMatching(/\w/) });
        expect(header.required ?? false, `${name} ${header.name}`).toBe(false);
      }
    }
  });

  test('has no example for a request header, which Swagger UI would send as if it were a default', async () => {
    for (const { name, operation } of await operations()) {
      for (const parameter of operation.parameters ?? []) {
        if (parameter.in !== 'header') continue;
        const text = JSON.stringify({ ...parameter, description: '' });
        expect(text, `${name} ${parameter.name}`).not.toMatch(/"(examples?|default)"/);
      }
    }
  });

  test('describes the header Message-Id of an answer', async () => {
    for (const { name, operation } of await operations()) {
      if (!sending.includes(name)) continue;
      expect(operation.responses[202].headers['Message-Id'], name).toMatchObject({ schema: { type: 'string' } });
    }
  });

  test('lists every status that a sending route can answer', async () => {
    const statuses = ['202', '400', '401', '403', '404', '409', '413', '415', '422', '429', '431', '500', '503', '504'];
    for (const { name, operation } of await operations()) {
      if (!sending.includes(name)) continue;
      const [accepted, ...failed] = statuses;
      const ofBatches = name === 'POST /cloudevents' ? ['207'] : [];
      expect(Object.keys(operation.responses), name).toEqual([accepted, ...ofBatches, ...failed]);
    }
  });

  test('lists the headers and types of requests with many messages', async () => {
    for (const { name, operation } of await operations()) {
      if (!sendingMany.includes(name)) continue;
      const headers = operation.parameters.map((parameter: Json) => parameter.name);
      expect(headers, name).toEqual(expect.arrayContaining(['Idempotency-Key', 'Message-First-Index', 'traceparent']));
      expect(headers, name).not.toContain('Message-Id');
      expect(Object.keys(operation.requestBody.content), name).toContain('application/x-ndjson');
    }
  });

  test('describes every problem as the problem document that it is', async () => {
    for (const { name, operation } of await operations()) {
      for (const [status, response] of Object.entries<Json>(operation.responses)) {
        if (Number(status) < 400) continue;
        const [type, media] = Object.entries<Json>(response.content)[0] ?? [];
        expect(type, `${name} ${status}`).toBe('application/problem+json');
        expect(media.schema).toEqual({ $ref: '#/components/schemas/ProblemDetails' });
      }
    }
    const { properties } = (await openApi()).components.schemas.ProblemDetails;
    expect(Object.keys(properties)).toEqual(
      expect.arrayContaining(['type', 'title', 'status', 'detail', 'code', 'retryable', 'outcome', 'messageId']),
    );
    expect(properties.code.enum).toEqual(Object.keys(errorTable));
  });

  test('lists the credentials and the grant that each route requires', async () => {
    const { components } = await openApi();
    expect(components.securitySchemes).toMatchObject({
      key: { type: 'http', scheme: 'bearer' },
      token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      clientCertificate: { type: 'mutualTLS' },
      adminToken: { type: 'http', scheme: 'bearer' },
    });
    const security = Object.fromEntries((await operations()).map(({ name, operation }) => [name, operation.security]));
    const grants = (roles: string[], more = {}) => [
      {},
      ...[{ key: roles }, { token: roles }, { clientCertificate: roles }],
      ...Object.entries(more).map(([name, value]) => ({ [name]: value })),
    ];
    const forAdmin = (role: string) => grants([role], { adminToken: [role] });
    expect(security).toEqual({
      'POST /commands/{destination}/{routingKey}': grants(['command:{destination}/{routingKey}']),
      'POST /events/{routingKey}': grants(['event:{routingKey}']),
      'POST /messages/{destination}/{channel}': grants(['message:{destination}/{channel}']),
      ...Object.fromEntries(['POST /cloudevents', 'POST /batch', 'POST /stream'].map((name) => [name, grants([])])),
      ...Object.fromEntries(ofDeliveries.map((name) => [name, grants(['deliveries:pull'])])),
      'GET /endpoints': forAdmin('endpoints:read'),
      'GET /dead-letters': forAdmin('dead-letters:read'),
      'GET /dead-letters/{id}': forAdmin('dead-letters:read'),
      'POST /dead-letters/{id}/replay': forAdmin('dead-letters:replay'),
      'POST /dead-letters/replay': forAdmin('dead-letters:replay'),
      'DELETE /dead-letters/{id}': forAdmin('dead-letters:delete'),
      'GET /metrics': forAdmin('metrics:read'),
      'GET /openapi.json': forAdmin('docs:read'),
      'GET /livez': undefined,
      'GET /readyz': undefined,
    });
    for (const { name, operation } of await operations()) {
      if (security[name])
        expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(['401', '403', '503']));
    }
  });

  test('lists only the credentials that the gateway accepts, even after a reload', async () => {
    const auth = { keys: keysOf({ web: ['event:*'] }), anonymous: ['docs:read', 'event:order.*'] };
    const gateway = await openGateway({ auth });
    const read = async () => (await gateway.app.inject('/openapi.json')).json();
    const { components, paths } = await read();
    expect(Object.keys(components.securitySchemes)).toEqual(['key']);
    expect(paths['/events/{routingKey}'].post.security).toEqual([{}, { key: ['event:{routingKey}'] }]);
    expect(paths['/deliveries/pull'].post.security).toEqual([{ key: ['deliveries:pull'] }]);
    expect(paths['/openapi.json'].get.security).toEqual([{}, { key: ['docs:read'] }]);
    expect((await gateway.app.inject('/docs/json')).json().paths['/deliveries/pull'].post.security).toEqual([
      { key: ['deliveries:pull'] },
    ]);
    gateway.reload({ service: 'shop', auth, http: { adminToken: keyOf('admin') } });
    expect(Object.keys((await read()).components.securitySchemes)).toEqual(['key', 'adminToken']);
  });

  test('takes every built-in media type as a body, each with an example', async () => {
    for (const { name, operation } of await operations()) {
      if (!sending.includes(name) || name === 'POST /cloudevents') continue;
      expect(Object.keys(operation.requestBody.content), name).toEqual([
        'application/json',
        'application/x-www-form-urlencoded',
        'application/xml',
        'text/plain',
        'application/octet-stream',
      ]);
    }
  });

  test('has examples that are valid against their own schemas', async () => {
    const issues: string[] = [];
    let count = 0;
    walk(await openApi(), '', (node, path) => {
      const schema = node.schema ?? node;
      const examples = [...list(schema.examples), ...list(node.examples), ...[node.example].filter(defined)];
      for (const example of examples) {
        count += 1;
        if (!Compile(schema).Check(example)) issues.push(path);
      }
    });
    expect(issues).toEqual([]);
    expect(count).toBeGreaterThan(20);
  });

  test('has examples that can be sent as they are', async () => {
    const gateway = await sharedGateway();
    for (const { name, operation } of await operations()) {
      if (!name.includes('events')) continue;
      const [, path = ''] = name.split(' ');
      const key = operation.parameters.find((parameter: Json) => parameter.name === 'routingKey');
      const [example] = key ? list(key.schema.examples ?? key.examples) : [];
      const url = path.replace('{routingKey}', encodeURIComponent(String(example)));
      for (const [type, media] of Object.entries<Json>(operation.requestBody.content)) {
        const { example = 'bytes' } = media;
        const fields = type.endsWith('json') ? JSON.stringify(example) : new URLSearchParams(example).toString();
        const body = typeof example === 'string' ? example : fields;
        const headers = { 'content-type': type };
        const response = await gateway.app.inject({ method: 'POST', url, headers, payload: body });
        expect(response.statusCode, `${name} ${type}`).toBe(202);
      }
    }
  });
});

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function defined(value: unknown): boolean {
  return value !== undefined;
}

function walk(node: Json, path: string, visit: (node: Json, path: string) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) visit(node, path);
  for (const [key, child] of Object.entries(node)) if (key !== 'examples') walk(child, `${path}/${key}`, visit);
}

describe('GET /docs', () => {
  async function get(url: string) {
    return (await sharedGateway()).app.inject(url);
  }

  async function linked(page: string): Promise<string[]> {
    const { body } = await get(page);
    return [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
  }

  test.each(['/docs', '/docs/'])('%s is a page', async (page) => {
    const response = await get(page);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toMatch(/^text\/html/);
  });

  test.each(['/docs', '/docs/'])('%s has nothing but resources of its own, all of which are there', async (page) => {
    const links = await linked(page);
    expect(links.length).toBeGreaterThan(4);
    for (const link of links) {
      const url = new URL(link, `http://localhost${page}`);
      expect(url.origin).toBe('http://localhost');
      expect((await get(url.pathname)).statusCode, url.pathname).toBe(200);
    }
  });

  test('has no inline script, which its policy would refuse', async () => {
    const { body } = await get('/docs');
    expect([...body.matchAll(/<script(?![^>]*\bsrc=)[^>]*>/g)]).toEqual([]);
  });

  test('asks no other server to validate the document', async () => {
    const { body } = await get('/docs/static/swagger-initializer.js');
    expect(body).toContain('validatorUrl: null');
    expect(body).not.toMatch(/https?:\/\/(?!localhost|stackoverflow\.com)/);
  });

  test.each(['/docs', '/docs/', '/docs/static/index.html', '/docs/static/swagger-ui-bundle.js'])(
    '%s has a policy that allows no foreign resources and no frames',
    async (url) => {
      const policy = String((await get(url)).headers['content-security-policy']);
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("object-src 'none'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
    },
  );

  test('needs no TLS: no browser is told to upgrade', async () => {
    const { headers } = await get('/docs');
    expect(String(headers['content-security-policy'])).not.toContain('upgrade-insecure-requests');
    expect(headers).not.toHaveProperty('strict-transport-security');
  });

  test('answers the first requests of a process, also several at once', async () => {
    const { app } = await openGateway();
    const urls = ['/docs', '/openapi.json', '/docs/static/swagger-ui.css', '/docs/json', '/livez'];
    const answers = await Promise.all(urls.map((url) => app.inject(url)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
    expect(answers[1]?.json()).toEqual(answers[3]?.json());
  });

  test('answers HEAD as GET, without the page', async () => {
    const { app } = await sharedGateway();
    const [page, head] = [await app.inject('/docs'), await app.inject({ method: 'HEAD', url: '/docs' })];
    expect(head.statusCode).toBe(200);
    expect(head.body).toBe('');
    expect(head.headers['content-length']).toBe(page.headers['content-length']);
    expect(head.headers['content-type']).toBe(page.headers['content-type']);
  });

  test('answers a conditional request with 304', async () => {
    const { headers } = await get('/docs/static/swagger-ui.css');
    const { app } = await sharedGateway();
    const again = { 'if-none-match': String(headers.etag) };
    expect((await app.inject({ url: '/docs/static/swagger-ui.css', headers: again })).statusCode).toBe(304);
  });

  test('shows the document of this gateway', async () => {
    expect((await get('/docs/json')).json()).toEqual(await openApi());
  });
});
