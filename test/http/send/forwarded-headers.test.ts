import { describe, expect, test } from 'vitest';
import { arrivedHeaders, expectProblem, openGateway, post, sharedGateway } from '../gateway-fixture.ts';

describe('trace context', () => {
  test.each([
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['tracestate', 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7'],
    ['baggage', 'userId=alice,serverNode=DF%2028'],
  ])('%s keeps its name and its value', async (name, value) => {
    expect(await arrivedHeaders({ [name]: value })).toMatchObject({ [name]: value });
  });

  test.each(['tracestate', 'baggage'])('%s in several lines is one list', async (name) => {
    expect(await arrivedHeaders({ [name]: ['a=1', 'b=2,c=3', 'd=4'] })).toMatchObject({ [name]: 'a=1,b=2,c=3,d=4' });
  });

  test('traceparent in several lines is refused', async () => {
    expectProblem(await post(await sharedGateway(), { headers: { traceparent: ['a', 'b'] } }), 'invalid-header');
  });

  test('none of them is made up', async () => {
    const headers = await arrivedHeaders();
    for (const name of ['traceparent', 'tracestate', 'baggage']) expect(headers).not.toHaveProperty(name);
  });
});

describe('forwardHeaders', () => {
  const config = { http: { forwardHeaders: { 'X-Tenant-Id': 'tenantId', 'user-agent': 'program' } } };

  test('a request header gets the name that the configuration gives it', async () => {
    const headers = await arrivedHeaders({ 'x-TENANT-id': 'acme', 'user-agent': 'curl/8' }, config);
    expect(headers).toMatchObject({ tenantId: 'acme', program: 'curl/8' });
  });

  test('an absent one is absent', async () => {
    expect(await arrivedHeaders({}, config)).not.toHaveProperty('tenantId');
  });

  test('a repeated one is refused', async () => {
    const headers = { 'x-tenant-id': ['acme', 'emca'] };
    expectProblem(await post(await openGateway(config), { headers }), 'invalid-header');
  });

  test('its value is decoded as UTF-8', async () => {
    const value = Buffer.from('\u00fcber').toString('latin1');
    expect(await arrivedHeaders({ 'x-tenant-id': value }, config)).toMatchObject({ tenantId: '\u00fcber' });
  });

  test.each<[string, Record<string, string>]>([
    ['Message-Header-…', { 'message-header-tenant-id': 'emca' }],
    ['Message-Header-… in one word', { 'message-header-tenantid': 'emca' }],
    ['Message-Header-… before the forwarded one', { 'message-header-tenant-id': 'emca', 'x-tenant-id': 'acme' }],
    ['Message-Header-… behind the forwarded one', { 'x-tenant-id': 'acme', 'message-header-tenant-id': 'emca' }],
    ['Message-Headers', { 'message-headers': '{"tenantId":"emca"}' }],
    ['Message-Headers in another case', { 'message-headers': '{"TENANTID":"emca"}' }],
    ['Message-Headers beside the forwarded one', { 'message-headers': '{"tenantId":null}', 'x-tenant-id': 'acme' }],
  ])('refuses a caller that sets its name by %s', async (_means, headers) => {
    const gateway = await openGateway(config);
    for (const url of ['/commands/billing/a', '/events/a', '/messages/billing/a']) {
      const problem = expectProblem(await post(gateway, { url, headers }), 'reserved-header');
      expect(problem.detail).toContain("comes from the request header 'x-tenant-id' alone");
    }
  });

  test("drops a caller's trace context if a proxy supplies it by another header", async () => {
    const traced = { http: { forwardHeaders: { 'x-trace': 'traceparent' } } };
    expect(await arrivedHeaders({ traceparent: 'of the caller' }, traced)).not.toHaveProperty('traceparent');
    expect(await arrivedHeaders({ traceparent: 'a', 'x-trace': 'b' }, traced)).toMatchObject({ traceparent: 'b' });
  });

  test('may name a Message-Header-… itself', async () => {
    const own = { http: { forwardHeaders: { 'message-header-tenant': 'tenant' } } };
    expect(await arrivedHeaders({ 'message-header-tenant': 'acme' }, own)).toMatchObject({ tenant: 'acme' });
  });

  test('of a header that has a meaning of its own keeps that meaning', async () => {
    const forwarding = { http: { forwardHeaders: { 'content-type': 'originalType', traceparent: 'trace' } } };
    const headers = await arrivedHeaders({ 'content-type': 'text/csv', traceparent: '00-a' }, forwarding);
    expect(headers).toMatchObject({
      contentType: 'text/csv',
      originalType: 'text/csv',
      traceparent: '00-a',
      trace: '00-a',
    });
  });
});
