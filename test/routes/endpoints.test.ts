import Type from 'typebox';
import { expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { header } from '../../src/parameter/header.ts';
import { payload } from '../../src/parameter/payload.ts';
import { openGateway, quiet } from '../http/gateway-fixture.ts';

const handlers = [
  defineEventHandler({ routingKey: 'order.*', endpointId: 'audit', handle() {} }),
  defineCommandHandler({
    routingKey: 'shop.order',
    distributed: true,
    parameters: { order: payload(Type.Object({})), executorId: header('executorId', Type.String()) },
    handle() {},
  }),
  defineCommandHandler({ routingKey: 'shop.cancel', parameters: [header('reason')], handle() {} }),
];

test('GET /endpoints shows the queue and every handler, the commands first, with what its arguments are made of', async () => {
  const gateway = await openGateway({ handlers, concurrency: 3 });
  const response = await gateway.app.inject('/endpoints');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    endpoints: [
      {
        name: 'shop',
        queue: 'distributed_shop',
        consuming: true,
        concurrency: 3,
        handlers: [
          {
            endpointId: 'shop.order',
            kind: 'command',
            routingKey: 'shop.order',
            distributed: true,
            parameters: [
              { name: 'order', converter: 'payload as object' },
              { name: 'executorId', converter: 'header executorId as string' },
            ],
          },
          {
            endpointId: 'shop.cancel',
            kind: 'command',
            routingKey: 'shop.cancel',
            distributed: false,
            parameters: [{ name: '#1', converter: 'header reason' }],
          },
          {
            endpointId: 'audit',
            kind: 'event',
            routingKey: 'order.*',
            distributed: false,
            parameters: expect.arrayContaining([
              { name: '#1', converter: 'payload' },
              { name: '#2', converter: 'headers' },
            ]),
          },
        ],
        deferred: [],
      },
    ],
  });
});

test('GET /endpoints shows the keys that are deferred, since when and why, and nothing of the messages', async () => {
  const [handler] = handlers;
  if (!handler) return expect.unreachable('there is one');
  const gateway = await openGateway({ handlers: [{ ...handler, distributed: true }] });
  const queue = { queue: 'distributed_shop', deadLetterQueue: 'distributed_shop_dead_letter' };
  // Another version of the service has bound it.
  const bindings = { bindingKeys: ['parcel.sent'], prefetch: 1, onDelivery: () => {} };
  await gateway.channel.subscribe({ ...queue, ...bindings }).stop();
  await expect(gateway.publishEvent('parcel.sent', { secret: 'payload' })).rejects.toMatchObject({
    code: 'no-handler',
  });
  const response = await gateway.app.inject('/endpoints');
  const [{ deferred }] = response.json().endpoints;
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const reason = 'no handler in this process, and another version or program has bound the key to the queue';
  expect(deferred).toEqual([
    { kind: 'event', routingKey: 'parcel.sent', reason, deferrals: 1, since: time, last: time },
  ]);
});

test.each([
  ['before the start', {}, async () => {}],
  ['when it only sends', { consume: false }, (gateway: ReturnType<typeof createGateway>) => gateway.start()],
])('nothing is consumed %s', async (_, options, prepare) => {
  const gateway = createGateway({ service: 'shop' }, { ...quiet, ...options });
  await prepare(gateway);
  const [endpoint] = (await gateway.app.inject('/endpoints')).json().endpoints;
  expect(endpoint).toMatchObject({ name: 'shop', consuming: false, handlers: [] });
});

test('nothing is consumed any more once the channel is closed', async () => {
  const gateway = await openGateway();
  await gateway.channel.close(0);
  expect((await gateway.app.inject('/endpoints')).json().endpoints).toMatchObject([{ consuming: false }]);
});
