import { describe, expect, test } from 'vitest';
import type { AuthConfig } from '../../../src/config/auth-config.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { eventually } from '../../broker/eventually.ts';
import { startApplication } from '../../delivery/application-fixture.ts';
import { key, pullOne, runPulled } from '../../delivery/pull-client.ts';
import { post as postTo, runGateway } from '../../flow/gateway-fixture.ts';
import { expectProblem, openGateway, openQueue, post } from '../gateway-fixture.ts';
import { openStream } from '../stream/stream-client.ts';
import { bearer, keyOf, keysOf } from './callers.ts';

const auth: AuthConfig = {
  header: 'executorId',
  keys: keysOf({ web: ['*'], app: ['*'] }),
  anonymous: ['command:*', 'deliveries:pull'],
};
const web = bearer(keyOf('web'));
const json = { 'content-type': 'application/json' };
const entry = { kind: 'command', destination: 'billing', routingKey: 'change', payload: 1 };
const event = { specversion: '1.0', id: '1', source: '/shop', type: 'order.placed', data: 1 };
const binary = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/shop', 'ce-type': 'order.placed' };

/** A request of each kind that sends one message. */
const requests: readonly [string, Record<string, string>, unknown][] = [
  ['/commands/billing/change', json, 1],
  ['/events/order.placed', json, 1],
  ['/messages/billing/import', json, 1],
  ['/cloudevents', { ...json, ...binary }, 1],
  ['/cloudevents', { 'content-type': 'application/cloudevents+json' }, event],
  ['/cloudevents', { 'content-type': 'application/cloudevents-batch+json' }, [event]],
  ['/batch', json, { entries: [entry] }],
  ['/batch', json, { entries: [{ ...entry, headers: { other: '1' } }] }],
  ['/batch', { 'content-type': 'application/x-ndjson' }, entry],
  ['/batch', { 'content-type': 'application/cloudevents-batch+json' }, [event]],
];

const foreign: readonly Record<string, string>[] = [
  { 'message-header-executor-id': 'eve' },
  { 'message-header-executorid': 'eve' },
  { 'message-headers': '{"executorId":"eve"}' },
  { 'message-headers': '{"EXECUTOR_ID":null}' },
];

describe('the message header of the caller', () => {
  test.each(requests)('names the caller of %s with %j', async (url, headers, body) => {
    const gateway = await openGateway({ auth });
    const messages = openQueue(gateway, 'billing', ['billing', '*.*']);
    const send = (own: object) => post(gateway, { url, headers: { ...headers, ...own }, body: JSON.stringify(body) });
    expect((await send(web)).statusCode).toBe(202);
    expect(messages().map((message) => message.headers.executorId)).toEqual(['web']);
    for (const own of foreign) expectProblem(await send({ ...web, ...own }), 'reserved-header');
    expect(messages()).toHaveLength(1);
  });

  test('cannot be set by an entry of a batch or of a stream', async () => {
    const gateway = await openGateway({ auth });
    const messages = openQueue(gateway, 'billing');
    const names = ['executorId', 'EXECUTORID', 'executor-id', 'executor_id'];
    const entries = names.map((name) => ({ ...entry, headers: { [name]: 'eve' } }));
    const answer = await post(gateway, {
      url: '/batch',
      headers: { ...json, ...web },
      body: JSON.stringify({ entries }),
    });
    expect(answer.json().results).toMatchObject(names.map(() => ({ status: 400, code: 'reserved-header' })));
    const stream = await openStream(gateway, web);
    stream.send(...entries, entry);
    expect(await stream.end()).toMatchObject({ accepted: 1, failed: 4 });
    expect(messages().map((message) => message.headers.executorId)).toEqual(['web']);
  });

  test('is absent without credentials, and such callers cannot set it either', async () => {
    const gateway = await openGateway({ auth });
    const messages = openQueue(gateway, 'billing');
    expect((await post(gateway)).statusCode).toBe(202);
    expect(messages()[0]?.headers).not.toHaveProperty('executorId');
    for (const headers of foreign) expectProblem(await post(gateway, { headers }), 'reserved-header');
  });

  test('reaches an application that pulls, whose own messages do not inherit it', async () => {
    const gateway = await runPulled({}, { auth });
    const messages = openQueue(gateway, 'stock');
    await postTo(gateway, `/commands/billing/${key}`, 1, web);
    const { message } = await pullOne(gateway);
    expect(message['Message-Headers']).toEqual({ executorId: 'web' });
    const parent = { 'message-parent-id': String(message['Message-Id']) };
    for (const own of [{}, bearer(keyOf('app'))]) {
      expect((await postTo(gateway, '/commands/stock/take', 1, { ...parent, ...own })).status).toBe(202);
    }
    const [byNobody, byApp] = messages().map(({ headers }) => headers);
    expect(byNobody).toMatchObject({ parentId: message['Message-Id'] });
    expect(byNobody).not.toHaveProperty('executorId');
    expect(byApp).toMatchObject({ parentId: message['Message-Id'], executorId: 'app' });
  });

  test('reaches an application behind a URL', async () => {
    const application = await startApplication();
    const gateway = await runGateway({
      service: 'billing',
      auth,
      application: { url: application.url, commands: [key] },
    });
    await postTo(gateway, `/commands/billing/${key}`, 1, web);
    await eventually(() =>
      expect(application.received[0]?.headers).toMatchObject({ 'message-header-executor-id': 'web' }),
    );
  });

  test('changes with a reload', async () => {
    const gateway = await openGateway({ auth });
    const messages = openQueue(gateway, 'billing');
    gateway.reload({ service: 'shop', auth: { ...auth, header: 'caller' } });
    await post(gateway, { headers: { ...web, 'message-header-executor-id': 'free now' } });
    expect(messages()[0]?.headers).toMatchObject({ caller: 'web', executorId: 'free now' });
  });

  test.each([
    ['id', 'auth.header: has a meaning of its own'],
    ['traceparent', 'auth.header: has a meaning of its own'],
    ['x-user', 'auth.header: has a meaning of its own'],
    ['tenant_id', 'auth.header: http.forwardHeaders.x-tenant sets the same header'],
    ['é'.repeat(128), 'auth.header: is longer than 255 bytes'],
    ['\ud800', 'auth.header: is not valid Unicode'],
  ])('cannot have the name %j', (header, issue) => {
    const config = { service: 'shop', auth: { header }, http: { forwardHeaders: { 'x-tenant': 'tenantId' } } };
    expect(() => resolveConfig(config, {})).toThrow(issue);
  });
});
