import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { arrival, expectProblem, openGateway, openQueue, post, sharedGateway } from '../http/gateway-fixture.ts';
import { openApp } from './app-fixture.ts';

const routes = ['/commands/billing/change', '/events/billing', '/messages/billing/import'];

describe.each(routes)('POST %s', (url) => {
  test('answers 202 with what became of the message', async () => {
    const gateway = await sharedGateway();
    openQueue(gateway, 'billing');
    const response = await post(gateway, { url, body: 'x' });
    expect(response.statusCode).toBe(202);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    const receipt = response.json();
    expect(receipt).toEqual({
      messageId: expect.stringMatching(/^[\da-f-]{36}$/),
      correlationId: receipt.messageId,
      routed: true,
      channel: 'in-memory',
    });
    expect(response.headers['message-id']).toBe(receipt.messageId);
  });

  test('names the message that arrived', async () => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing');
    const { messageId } = (await post(gateway, { url })).json();
    expect(messages()).toMatchObject([{ headers: { id: messageId } }]);
  });

  test('ignores a query', async () => {
    const { headers } = await arrival(await sharedGateway(), { url: `${url}?a=b%zz` });
    expect(headers['ecotone.distributed.routingKey']).not.toContain('?');
  });

  test('is refused while the gateway is shutting down', async () => {
    const app = await openApp({ isDraining: () => true });
    const response = await app.inject({ method: 'POST', url });
    expectProblem(response, 'draining');
    expect(response.headers['retry-after']).toBe('1');
  });
});

describe('what arrives', () => {
  test.each([
    ['/commands/billing/change', 'command', 'change', 'billing'],
    ['/events/billing.changed', 'event', 'billing.changed', undefined],
    ['/messages/billing/import', 'message', 'import', undefined],
  ])('from %s is a %s', async (url, payloadType, routingKey, targetServiceName) => {
    const { headers } = await arrival(await sharedGateway(), { url });
    expect(headers).toMatchObject({
      'ecotone.distributed.payloadType': payloadType,
      'ecotone.distributed.routingKey': routingKey,
      'ecotone.distributed.sourceServiceName': 'shop',
    });
    expect(headers['ecotone.distributed.targetServiceName']).toBe(targetServiceName);
  });
});

describe('an event without a subscriber', () => {
  test('is accepted, and the answer says that no queue took it', async () => {
    const response = await post(await openGateway(), { url: '/events/nobody.cares' });
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({ routed: false });
  });

  test.each([
    'handling=strict',
    'Handling = "strict"',
    'respond-async, handling=strict',
    'handling=strict; foo=bar',
    'handling=lenient, handling=strict',
  ])('is refused under Prefer: %s', async (prefer) => {
    const response = await post(await openGateway(), { url: '/events/nobody.cares', headers: { prefer } });
    const { messageId, detail } = expectProblem(response, 'no-subscriber');
    expect(messageId).toBe(response.headers['message-id']);
    expect(detail).toContain('nobody.cares');
  });

  test('is refused when one of several Prefer lines says so', async () => {
    const headers = { prefer: ['respond-async', 'handling=strict'] };
    expectProblem(await post(await openGateway(), { url: '/events/nobody.cares', headers }), 'no-subscriber');
  });

  test.each(['handling=lenient', 'strict', 'handling=strictly', 'mishandling=strict', ''])(
    'is taken under Prefer: %s',
    async (prefer) => {
      const response = await post(await openGateway(), { url: '/events/nobody.cares', headers: { prefer } });
      expect(response.statusCode).toBe(202);
    },
  );

  test('is accepted under Prefer: handling=strict once a service subscribes to it', async () => {
    const headers = { prefer: 'handling=strict' };
    await arrival(await sharedGateway(), { url: '/events/billing', headers });
  });
});

describe.each(['/commands/absent/change', '/messages/absent/import'])(
  'POST %s to a service that does not exist',
  (url) => {
    test('is refused, and says what to do', async () => {
      const response = await post(await openGateway(), { url });
      const { messageId, detail } = expectProblem(response, 'destination-not-found');
      expect(messageId).toBe(response.headers['message-id']);
      expect(detail).toContain("'absent'");
    });

    test('names the id that the caller chose', async () => {
      const id = '5f0c6b1e-3b9c-4f0e-8f5e-0a1b2c3d4e5f';
      const response = await post(await openGateway(), { url, headers: { 'message-id': id } });
      expect(expectProblem(response, 'destination-not-found')).toMatchObject({ messageId: id });
    });

    test.each(['#', 'absent', 'absent.#', '*'])('is not swallowed by a subscriber to %s', async (bindingKey) => {
      const gateway = await openGateway();
      const messages = openQueue(gateway, 'listener', [bindingKey]);
      expectProblem(await post(gateway, { url }), 'destination-not-found');
      expect(messages()).toEqual([]);
    });

    test('is refused as unroutable even when destinations are not looked for', async () => {
      const gateway = await openGateway({ broker: { checkDestinations: false } });
      expectProblem(await post(gateway, { url }), 'destination-not-found');
    });
  },
);

describe('a payload that this gateway itself would refuse at delivery', () => {
  const Change = Type.Object({ person: Type.Object({ id: Type.Integer() }), tags: Type.Array(Type.String()) });
  const options = { distributed: true, payload: Change, handle: () => {} } as const;
  const config = {
    handlers: [
      defineCommandHandler({ ...options, routingKey: 'change' }),
      defineEventHandler({ ...options, routingKey: 'shop.*' }),
      defineCommandHandler({ ...options, routingKey: 'private', distributed: false }),
    ],
  };
  const json = { 'content-type': 'application/json' };
  const bad = '{"person":{"id":"x"},"tags":[true]}';

  test.each(['/commands/shop/change', '/events/shop.changed'])('is refused at %s with every issue', async (url) => {
    const gateway = await openGateway(config);
    const messages = openQueue(gateway, 'listener', ['*']);
    const response = await post(gateway, { url, headers: json, body: bad });
    const { errors } = expectProblem(response, 'payload-refused');
    expect(errors).toEqual([
      { pointer: '/person/id', detail: expect.any(String) },
      { pointer: '/tags/0', detail: expect.any(String) },
    ]);
    expect(messages()).toEqual([]);
  });

  test('is not quoted', async () => {
    const body = '{"person":{"id":"hunter2"},"tags":["hunter2"]}';
    const response = await post(await openGateway(config), { url: '/commands/shop/change', headers: json, body });
    expectProblem(response, 'payload-refused');
    expect(response.body).not.toContain('hunter2');
  });

  test('is refused after its conversion', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'message-content-type': 'application/json' };
    const response = await post(await openGateway(config), { url: '/commands/shop/change', headers, body: 'tags=1' });
    expectProblem(response, 'payload-refused');
  });

  test.each([
    ['malformed', 'application/xml', '<a>', 'malformed-body'],
    ['of a media type without converter', 'text/csv', 'a', 'unsupported-media-type'],
  ] as const)('because it is %s is refused', async (_issue, type, body, code) => {
    const headers = { 'content-type': type };
    const response = await post(await openGateway(config), { url: '/commands/shop/change', headers, body });
    expectProblem(response, code);
  });

  test.each([
    ['is for another service', '/commands/billing/change'],
    ['has a handler of this process only', '/commands/shop/private'],
    ['is a message', '/messages/shop/change'],
    ['has no handler here', '/events/billing.changed'],
  ])('passes when it %s', async (_why, url) => {
    const gateway = await openGateway(config);
    openQueue(gateway, 'billing');
    const response = await post(gateway, { url, headers: json, body: bad });
    expect(response.statusCode).toBe(202);
  });
});

describe('a converter of the configuration', () => {
  const failing = (failure: unknown) => ({
    name: 'failing',
    matches: (source: { essence: string }) => source.essence === 'text/csv',
    convert() {
      throw failure;
    },
  });
  const request = { headers: { 'content-type': 'text/csv', 'message-content-type': 'text/html' }, body: 'a;b' };

  test.each([
    ['an error', new Error('inner text')],
    ['an error with a status', Object.assign(new Error('inner text'), { statusCode: 422, status: 422 })],
    ['null', null],
    ['nothing', undefined],
    ['a text', 'inner text'],
  ])('causes an internal error without details if it throws %s', async (_kind, failure) => {
    const response = await post(await openGateway({ converters: [failing(failure)] }), request);
    expectProblem(response, 'internal-error');
    expect(response.body).not.toContain('inner text');
  });

  test.each([
    ['text', 'text'],
    ['an object', {}],
    ['nothing', undefined],
  ])('is rejected if it returns %s instead of bytes, and nothing is sent', async (_kind, result) => {
    const converter = { ...failing(undefined), convert: () => result };
    const gateway = await openGateway({ converters: [converter] });
    const messages = openQueue(gateway, 'billing');
    expectProblem(await post(gateway, request), 'not-convertible');
    expect(messages()).toEqual([]);
  });
});
