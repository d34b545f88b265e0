import { afterEach, describe, expect, test } from 'vitest';
import { serviceQueue } from '../../../src/wire/service-queue.ts';
import { exchange } from '../exchange.ts';
import { arrivedHeaders, expectProblem, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

afterEach(() => expect(({} as Record<string, unknown>).polluted).toBeUndefined());

const reserved = [
  'ecotone',
  'ecotone.distributed.payloadType',
  'ecotone.distributed.routingKey',
  'ecotone.amqp.distributed.service_target',
  'ecotone_retry_number',
  'Ecotone.anything',
  'x-death',
  'X-Delay',
  'x-littoral-target-media-type',
  'amqp_deliveryMode',
  'exception-message',
  'CC',
  'BCC',
  '__TypeId__',
  'routingSlip',
  'replyChannel',
  'errorChannel',
  'polledChannelName',
  'contentType',
  'timestamp',
  'parentId',
  'id',
  'correlationId',
  'priority',
  'deliveryDelay',
  'timeToLive',
  '__proto__',
  '0',
  '42',
  '-1',
  '007',
  '99999999999999999999',
];

describe('a reserved name', () => {
  test.each(reserved)('%s is refused in Message-Headers', async (name) => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing');
    const headers = { 'Message-Headers': `{${JSON.stringify(name)}:"1"}` };
    expectProblem(await post(gateway, { headers }), 'reserved-header');
    expect(messages()).toEqual([]);
  });

  test.each(reserved)('%s is refused in Message-Headers with null, which would be dropped', async (name) => {
    const headers = { 'Message-Headers': `{${JSON.stringify(name)}:null}` };
    expectProblem(await post(await sharedGateway(), { headers }), 'reserved-header');
  });

  test.each([
    // As it is written.
    'Id',
    'Priority',
    'Timestamp',
    'X-Death',
    'Exception-Message',
    'Ecotone-Anything',
    'Ecotone.Distributed.PayloadType',
    'Amqp_Delivery',
    '0',
    '42',
    '-1',
    // As it is mapped.
    'Content-Type',
    'Correlation-Id',
    'Parent-Id',
    'Routing-Slip',
    'Reply-Channel',
    'Error-Channel',
    'Polled-Channel-Name',
    'Delivery-Delay',
    'Time-To-Live',
    'Time--To--Live',
    '-C-C',
    '-B-C-C',
    '__-Type-Id__',
    '4-2',
    '0-0',
  ])('%s is refused after Message-Header-', async (name) => {
    const headers = { [`Message-Header-${name}`]: '1' };
    expectProblem(await post(await sharedGateway(), { headers }), 'reserved-header');
  });

  test.each(['message-header-__proto__', 'Message-Header-__Proto__'])(
    '%s is refused on a real connection',
    async (name) => {
      const answer = await exchange(await sharedGateway(), `POST /events/a HTTP/1.1\nHost: localhost\n${name}: x\n\n`);
      expectProblem(answer, 'reserved-header');
    },
  );

  test('one among good ones refuses them all', async () => {
    const headers = { 'Message-Headers': '{"good":1,"id":"x"}' };
    expectProblem(await post(await sharedGateway(), { headers }), 'reserved-header');
  });

  test('the problem names it', async () => {
    const { detail } = expectProblem(
      await post(await sharedGateway(), { headers: { 'Message-Header-Routing-Slip': 'x' } }),
      'reserved-header',
    );
    expect(detail).toContain("'routingSlip'");
  });
});

describe('a name that only looks reserved', () => {
  test.each(['identity', 'xylophone', 'contentTypes', 'priorityClass', '1st', '1.5', 'cc', 'constructor', 'prototype'])(
    '%s arrives',
    async (name) => {
      expect(await arrivedHeaders({ 'Message-Headers': JSON.stringify({ [name]: 'x' }) })).toMatchObject({
        [name]: 'x',
      });
    },
  );
});

describe('pollution of prototypes', () => {
  test.each([
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"a":{"__proto__":{"polluted":true}}}',
    '{"prototype":{"polluted":true}}',
  ])('%s changes nothing', async (json) => {
    const { statusCode } = await post(await sharedGateway(), {
      url: '/events/a',
      headers: { 'Message-Headers': json },
    });
    expect([202, 400]).toContain(statusCode);
  });

  test('a nested __proto__ travels as JSON text', async () => {
    const json = '{"a":{"__proto__":{"polluted":true}}}';
    expect(await arrivedHeaders({ 'Message-Headers': json })).toMatchObject({ a: '{"__proto__":{"polluted":true}}' });
  });
});

describe('the headers of the framework', () => {
  test('are set by the gateway alone', async () => {
    const headers = await arrivedHeaders({ 'Message-Header-Executor-Id': '7' });
    expect(headers).toEqual({
      'ecotone.distributed.payloadType': 'command',
      'ecotone.distributed.routingKey': 'change',
      'ecotone.distributed.targetServiceName': 'billing',
      'ecotone.distributed.sourceServiceName': 'shop',
      'ecotone.amqp.distributed.service_target': 'billing',
      polledChannelName: serviceQueue('shop'),
      routingSlip: 'ecotone.distributed.invoke',
      id: expect.any(String),
      correlationId: headers.id,
      timestamp: expect.any(Number),
      contentType: 'text/plain',
      executorId: '7',
    });
  });
});
