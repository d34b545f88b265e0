import { describe, expect, test } from 'vitest';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { expectProblem, openGateway } from '../http/gateway-fixture.ts';

const id = '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10';
const adminToken = 'a-secret-of-the-operators';

const everyRoute = [
  ['GET', '/dead-letters'],
  ['GET', `/dead-letters/${id}`],
  ['POST', `/dead-letters/${id}/replay`],
  ['POST', '/dead-letters/replay'],
  ['DELETE', `/dead-letters/${id}`],
] as const;

/** A service that has failed as often as there are texts. */
async function openFailed(...texts: string[]) {
  const handled: unknown[] = [];
  let mended = false;
  const change = defineCommandHandler({
    routingKey: 'change',
    distributed: true,
    handle(text) {
      if (!mended) throw new TypeError('of the handler');
      handled.push(text);
    },
  });
  const gateway = await openGateway({ handlers: [change], retries: { maxAttempts: 0 } });
  for (const text of texts) await gateway.sendCommand('change', text).catch(() => {});
  return {
    ...gateway,
    handled,
    mend: () => {
      mended = true;
    },
  };
}

describe('the dead letters', () => {
  test('are listed, shown, replayed and deleted', async () => {
    const { app, handled, mend, settled } = await openFailed('a', 'b', 'c');
    const page = await app.inject('/dead-letters?limit=2');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toMatch(/^application\/json/);
    const { items, next } = page.json();
    expect(items).toMatchObject([{ payload: { text: 'a' } }, { payload: { text: 'b' } }]);
    const rest = (await app.inject(`/dead-letters?after=${next}`)).json();
    expect(rest).toMatchObject({ items: [{ payload: { text: 'c' } }], next: null });
    const shown = (await app.inject(`/dead-letters/${items[0].id.toUpperCase()}`)).json();
    expect(shown).toMatchObject({ ...items[0], stackTrace: expect.stringContaining('of the handler') });

    mend();
    const replayed = await app.inject({ method: 'POST', url: `/dead-letters/${items[0].id}/replay` });
    expect({ status: replayed.statusCode, body: replayed.body }).toEqual({ status: 202, body: '' });
    const deleted = await app.inject({ method: 'DELETE', url: `/dead-letters/${items[1].id}` });
    expect({ status: deleted.statusCode, body: deleted.body }).toEqual({ status: 204, body: '' });
    const filter = { error: 'Type*', routingKey: 'change' };
    const all = await app.inject({ method: 'POST', url: '/dead-letters/replay', payload: filter });
    expect(all.json()).toEqual({ replayed: 1, failed: 0 });
    await settled();
    expect(handled).toEqual(['a', 'c']);
    expect((await app.inject('/dead-letters')).json()).toEqual({ items: [], next: null });
  });

  test('of a certain kind are listed', async () => {
    const { app } = await openFailed('a');
    const count = async (query: string) => (await app.inject(`/dead-letters?${query}`)).json().items.length;
    expect(await count('routingKey=change&error=TypeError')).toBe(1);
    expect(await count('routingKey=other')).toBe(0);
    expect(await count('error=Range*')).toBe(0);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=many',
    'limit=1&limit=2',
    'routingkey=change',
    `error=${'x'.repeat(256)}`,
    'after=nonsense',
  ])('are not listed by a query that is not one: %s', async (query) => {
    const { app } = await openFailed();
    expectProblem(await app.inject(`/dead-letters?${query}`), 'malformed-request');
  });

  test.each([
    ['no body', undefined, 'malformed-body'],
    ['no JSON', '{"error":', 'malformed-body'],
    ['a list', '[]', 'malformed-request'],
    ['a misspelt filter', '{"routingkey":"x"}', 'malformed-request'],
    ['a hostile key', '{"__proto__":{"limit":1}}', 'malformed-request'],
    ['a limit that is a text', '{"limit":"1"}', 'malformed-request'],
    ['a filter that occurs twice', '{"error":"Type*","error":"*"}', 'malformed-request'],
    ['bytes that are not UTF-8', Buffer.of(...Buffer.from('{"error":"'), 0xff, ...Buffer.from('"}')), 'malformed-body'],
  ] as const)('are not replayed by %s', async (_, payload, code) => {
    const { app, deadLetters } = await openFailed('a');
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    expectProblem(await app.inject({ method: 'POST', url: '/dead-letters/replay', headers, payload }), code);
    expect(deadLetters).toHaveLength(1);
  });

  test.each([
    ['foo=1', 'foo: is not expected.'],
    ['__proto__=1', '__proto__: is not expected.'],
    ['limit=0', 'limit: must be >= 1.'],
  ])('are not listed by %s, which is told once and in plain words', async (query, issue) => {
    const { app } = await openFailed();
    const { detail } = (await app.inject(`/dead-letters?${query}`)).json();
    expect(detail).toBe(`The query is not as described under /docs: ${issue}`);
  });

  test.each(everyRoute.filter(([, url]) => url.includes(id)))('are not found: %s %s', async (method, url) => {
    const { app } = await openFailed('a');
    expectProblem(await app.inject({ method, url }), 'dead-letter-not-found');
    expectProblem(await app.inject({ method, url: url.replace(id, 'no%20uuid') }), 'dead-letter-not-found');
  });
});

describe('a request for dead letters', () => {
  test.each(everyRoute)('is refused without the token that is set: %s %s', async (method, url) => {
    const { app } = await openGateway({ http: { adminToken } });
    const refused = await app.inject({ method, url });
    expectProblem(refused, 'unauthorized');
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer/);
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    const { statusCode } = await app.inject({ method, url, headers, payload: method === 'POST' ? '{}' : undefined });
    expect(statusCode).toBe(url.includes(id) ? 404 : 200);
  });

  test.each(everyRoute)(
    'is refused where other machines can connect and no token is set: %s %s',
    async (method, url) => {
      const { app } = await openGateway({ http: { host: '0.0.0.0' } });
      expectProblem(await app.inject({ method, url }), 'admin-token-not-set');
    },
  );

  test('is refused from a page of another site', async () => {
    const { app } = await openGateway();
    const headers = { origin: 'https://elsewhere.example' };
    expectProblem(await app.inject({ url: '/dead-letters', headers }), 'cross-site');
  });
});

test('sending asks for no token', async () => {
  const { app } = await openGateway({ http: { adminToken } });
  expect((await app.inject({ method: 'POST', url: '/events/anything' })).statusCode).toBe(202);
});
