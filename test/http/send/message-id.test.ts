import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { arrivedHeaders, expectProblem, openGateway, post, type Request, sharedGateway } from '../gateway-fixture.ts';

const uuid = '5f0c6b1e-3b9c-4f0e-8f5e-0a1b2c3d4e5f';

describe('without Message-Id and Idempotency-Key', () => {
  test('each message gets a UUIDv7 of its own', async () => {
    const gateway = await sharedGateway();
    const ids = new Set<string>();
    for (let n = 0; n < 3; n++) ids.add((await post(gateway, { url: '/events/a' })).json().messageId);
    expect(ids.size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });
});

describe('Message-Id', () => {
  test('becomes the id of the message', async () => {
    expect(await arrivedHeaders({ 'Message-Id': uuid })).toMatchObject({ id: uuid, correlationId: uuid });
  });

  test('is lower-cased, so that it is the same message in every spelling', async () => {
    expect(await arrivedHeaders({ 'Message-Id': uuid.toUpperCase() })).toMatchObject({ id: uuid });
  });

  test.each([
    ['empty', ''],
    ['a word', 'seven'],
    ['too short', uuid.slice(1)],
    ['too long', `${uuid}0`],
    ['in braces', `{${uuid}}`],
    ['a URN', `urn:uuid:${uuid}`],
    ['without hyphens', uuid.replaceAll('-', '')],
    ['with a letter that is not hexadecimal', uuid.replace('5', 'g')],
    ['with a letter that only lower-cases to ASCII', Buffer.from(uuid.replace('c', '\u212a')).toString('latin1')],
  ])('%s is refused', async (_issue, id) => {
    expectProblem(await post(await sharedGateway(), { headers: { 'Message-Id': id } }), 'invalid-header');
  });
});

describe('Message-Id with a scope for the idempotency keys of callers', () => {
  const scoped = { http: { idempotencyScopeHeader: 'X-Tenant' } };

  test.each([['/commands/billing/a'], ['/events/a'], ['/messages/billing/a']])(
    "is refused on %s, because it could be the id from another caller's key",
    async (url) => {
      const requests: Record<string, string>[] = [{ 'message-id': uuid }, { 'message-id': uuid, 'x-tenant': 'acme' }];
      for (const headers of requests) {
        const problem = expectProblem(await post(await openGateway(scoped), { url, headers }), 'invalid-header');
        expect(problem.detail).toContain('Send Idempotency-Key.');
      }
    },
  );
});

describe('Idempotency-Key', () => {
  const base = { url: '/commands/billing/change', headers: { 'Idempotency-Key': 'order-1' } };

  // No service has to exist: the refusal of a destination names the id as well.
  async function idOf({ url = base.url, headers = base.headers }: Request = {}, config?: Config): Promise<string> {
    const response = await post(await (config ? openGateway(config) : sharedGateway()), { url, headers });
    expect([202, 404]).toContain(response.statusCode);
    return response.json().messageId;
  }

  test('makes a UUIDv5', async () => {
    expect(await idOf()).toMatch(/^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  test('always makes this one id: another would send every repeated request twice', async () => {
    expect(await idOf()).toBe('78e24a74-c3ee-56c5-8a07-dd491e19bc8c');
  });

  test.each<[string, Request, Config?]>([
    ['the same request on a gateway of another service', {}, { service: 'warehouse' }],
    ['another body', { body: 'other' }],
    ['other metadata', { headers: { ...base.headers, 'Message-Header-A': '1' } }],
    ['a path that is encoded without need', { url: '/commands/%62illing/chang%65' }],
    ['a query', { url: `${base.url}?attempt=2` }],
    ['another time to live', { headers: { ...base.headers, 'Message-Time-To-Live': '1000' } }],
  ])('is the same message for %s', async (_what, request, config) => {
    expect(await idOf(request, config)).toBe(await idOf());
  });

  test.each<[string, Request]>([
    ['key', { headers: { 'Idempotency-Key': 'order-2' } }],
    ['spelling of the key', { headers: { 'Idempotency-Key': 'Order-1' } }],
    ['kind', { url: '/messages/billing/change' }],
    ['destination', { url: '/commands/shipping/change' }],
    ['routing key', { url: '/commands/billing/changed' }],
  ])('is another message for another %s', async (_part, request) => {
    expect(await idOf(request)).not.toBe(await idOf());
  });

  test.each([
    ['a slash that moves', '/commands/a%2Fb/c', '/commands/a/b%2Fc'],
    ['an event and a command', '/events/billing', '/commands/billing/billing'],
    ['a comma that moves', '/commands/a,b/c', '/commands/a/b,c'],
    ['a quotation mark that moves', '/commands/a%22,%22b/c', '/commands/a/b%22,%22c'],
    ['an encoded and a doubly encoded slash', '/events/a%2Fb', '/events/a%252Fb'],
  ])('tells requests apart that differ by %s', async (_what, one, other) => {
    expect(await idOf({ url: one })).not.toBe(await idOf({ url: other }));
  });

  test('is decoded as UTF-8', async () => {
    const key = (text: string) => ({ headers: { 'Idempotency-Key': Buffer.from(text).toString('latin1') } });
    expect(await idOf(key('\u00fc'))).not.toBe(await idOf(key('u')));
  });

  describe('a scope', () => {
    const config: Config = { http: { idempotencyScopeHeader: 'X-Tenant' } };
    const of = (tenant: string): Request => ({ headers: { ...base.headers, 'x-tenant': tenant } });

    test('is the same message for the same tenant', async () => {
      expect(await idOf(of('acme'), config)).toBe(await idOf(of('acme'), config));
    });

    test('is another message for another tenant', async () => {
      expect(await idOf(of('acme'), config)).not.toBe(await idOf(of('emca'), config));
    });

    test('is in the empty scope without a tenant', async () => {
      expect(await idOf({}, config)).toBe(await idOf());
    });

    test('ignores a tenant that the configuration does not name', async () => {
      expect(await idOf(of('acme'))).toBe(await idOf());
    });

    test('refuses a tenant that comes twice', async () => {
      const headers = { ...base.headers, 'x-tenant': ['acme', 'emca'] };
      expectProblem(await post(await openGateway(config), { headers }), 'invalid-header');
    });
  });

  test('is refused together with Message-Id', async () => {
    const headers = { ...base.headers, 'Message-Id': uuid };
    expectProblem(await post(await sharedGateway(), { headers }), 'invalid-header');
  });

  test('is refused when empty', async () => {
    expectProblem(await post(await sharedGateway(), { headers: { 'Idempotency-Key': '' } }), 'invalid-header');
  });
});
