import { describe, expect, test } from 'vitest';
import { arrivedHeaders, expectProblem, openGateway, post, sharedGateway } from './gateway-fixture.ts';

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

  test.each([
    ['before', { 'x-tenant-id': 'acme', 'message-header-tenant-id': 'emca' }],
    ['after', { 'message-header-tenant-id': 'emca', 'x-tenant-id': 'acme' }],
  ])('wins over a Message-Header-… that comes %s it: a proxy may have set it', async (_place, headers) => {
    expect(await arrivedHeaders(headers, config)).toMatchObject({ tenantId: 'acme' });
  });

  test('wins over Message-Headers', async () => {
    const headers = { 'x-tenant-id': 'acme', 'message-headers': '{"tenantId":"emca"}' };
    expect(await arrivedHeaders(headers, config)).toMatchObject({ tenantId: 'acme' });
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
