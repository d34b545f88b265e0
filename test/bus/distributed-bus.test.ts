import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import type { ConversionOptions, DistributedBus } from '../../src/bus/distributed-bus.ts';
import type { SendOptions } from '../../src/bus/send-options.ts';
import type { SendReceipt } from '../../src/bus/send-receipt.ts';
import type { SendRequest } from '../../src/bus/send-request.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { Header } from '../../src/message/message-headers.ts';
import { isMessageId } from '../../src/message/message-id.ts';
import { header } from '../../src/parameter/header.ts';
import { payload } from '../../src/parameter/payload.ts';
import type { Metadata } from '../../src/wire/metadata.ts';
import { caught } from '../caught.ts';
import { type BusFixture, openBus, textOf } from './bus-fixture.ts';

type Send = (
  bus: DistributedBus,
  body: string,
  type?: string,
  metadata?: Metadata,
  options?: SendOptions,
) => Promise<SendReceipt>;
type ConvertAndSend = (
  bus: DistributedBus,
  value: unknown,
  metadata?: Metadata,
  options?: ConversionOptions,
) => Promise<SendReceipt>;

const command: Send = (bus, ...rest) => bus.sendCommand('billing', 'billing.change', ...rest);
const event: Send = (bus, ...rest) => bus.publishEvent('order.placed', ...rest);
const message: Send = (bus, ...rest) => bus.sendMessage('billing', 'billing.import', ...rest);
const convertCommand: ConvertAndSend = (bus, ...rest) =>
  bus.convertAndSendCommand('billing', 'billing.change', ...rest);
const convertEvent: ConvertAndSend = (bus, ...rest) => bus.convertAndPublishEvent('order.placed', ...rest);
const convertMessage: ConvertAndSend = (bus, ...rest) =>
  bus.convertAndSendMessage('billing', 'billing.import', ...rest);

const sending = [
  ['sendCommand', command],
  ['publishEvent', event],
  ['sendMessage', message],
] as const;
const converting = [
  ['convertAndSendCommand', convertCommand],
  ['convertAndPublishEvent', convertEvent],
  ['convertAndSendMessage', convertMessage],
] as const;

/** A bus beside a service that gets all that is sent here. */
async function openBilling(...options: Parameters<typeof openBus>): Promise<BusFixture> {
  const fixture = await openBus(...options);
  await fixture.addService('billing', 'order.placed');
  return fixture;
}

describe('one request', () => {
  const requests: readonly [string, SendRequest, (bus: DistributedBus) => Promise<SendReceipt>][] = [
    [
      'a command as it is',
      {
        kind: 'command',
        destination: 'billing',
        routingKey: 'pay',
        payload: '{"a":1}',
        contentType: 'application/json',
      },
      (bus) => bus.sendCommand('billing', 'pay', '{"a":1}', 'application/json'),
    ],
    [
      'an event of a value',
      { kind: 'event', routingKey: 'order.placed', payload: { a: 1 }, metadata: { tenant: 't' }, priority: 7 },
      (bus) => bus.convertAndPublishEvent('order.placed', { a: 1 }, { tenant: 't' }, { priority: 7 }),
    ],
    [
      'a message to convert',
      {
        kind: 'message',
        destination: 'billing',
        routingKey: 'import',
        payload: '<message><a>1</a></message>',
        contentType: 'application/xml',
        convertTo: 'application/json',
        correlationId: 'c-1',
        timeToLiveMs: 500,
      },
      (bus) =>
        bus.convertAndSendMessage(
          'billing',
          'import',
          Buffer.from('<message><a>1</a></message>'),
          {},
          {
            sourceMediaType: 'application/xml',
            targetMediaType: 'application/json',
            correlationId: 'c-1',
            timeToLive: 500,
          },
        ),
    ],
  ];

  test.each(requests)('equals what its method sends: %s', async (_, request, viaMethod) => {
    const { bus, waiting } = await openBilling();
    const payload = request.convertTo ? Buffer.from(String(request.payload)) : request.payload;
    await bus.send({ ...request, payload });
    await viaMethod(bus);
    const [sent, expected] = waiting('billing').map((one) => ({ ...one.headers, body: textOf(one) }));
    const id = expect.any(String);
    const correlationId = request.correlationId ?? id;
    expect(sent).toEqual({ ...expected, id, correlationId, timestamp: expect.any(Number) });
  });

  test.each<[unknown, string]>([
    [{ kind: 'query', routingKey: 'a', payload: 1 }, 'wrong-usage'],
    [{ routingKey: 'a', payload: 1 }, 'wrong-usage'],
    [{ kind: 'toString', routingKey: 'a', payload: 1 }, 'wrong-usage'],
    [{ kind: 'command', routingKey: 'a', payload: 1 }, 'invalid-key'],
    [{ kind: 'event', payload: 1 }, 'invalid-key'],
    [{ kind: 'event', routingKey: 'a', payload: 1, delayMs: -1 }, 'invalid-header'],
  ])('is refused if it is not a request: %j', async (request, code) => {
    const { bus } = await openBilling();
    expect(await caught(() => bus.send(request as SendRequest))).toMatchObject({ code });
  });
});

describe('what arrives', () => {
  const common = {
    [Header.sourceServiceName]: 'shop',
    [Header.id]: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
    [Header.correlationId]: expect.any(String),
    [Header.timestamp]: expect.any(Number),
    [Header.contentType]: 'text/plain',
    [Header.polledChannelName]: 'distributed_shop',
    [Header.routingSlip]: 'ecotone.distributed.invoke',
  };

  test.each([
    [
      'command',
      command,
      {
        ...common,
        'ecotone.distributed.payloadType': 'command',
        'ecotone.distributed.routingKey': 'billing.change',
        'ecotone.distributed.targetServiceName': 'billing',
        'ecotone.amqp.distributed.service_target': 'billing',
      },
    ],
    [
      'event',
      event,
      {
        ...common,
        'ecotone.distributed.payloadType': 'event',
        'ecotone.distributed.routingKey': 'order.placed',
        'ecotone.amqp.distributed.service_target': 'order.placed',
      },
    ],
    [
      'message',
      message,
      {
        ...common,
        'ecotone.distributed.payloadType': 'message',
        'ecotone.distributed.routingKey': 'billing.import',
        'ecotone.amqp.distributed.service_target': 'billing',
      },
    ],
  ])('of a %s are these headers and no others', async (_, send, headers) => {
    const { bus, waiting } = await openBilling();
    const receipt = await send(bus, 'the body');
    const [arrived] = waiting('billing');
    expect(arrived?.headers).toEqual(headers);
    expect(arrived && textOf(arrived)).toBe('the body');
    expect(receipt).toEqual({
      messageId: arrived?.headers[Header.id],
      correlationId: arrived?.headers[Header.id],
      routed: true,
    });
  });

  test.each(sending)('of %s has a content type that others compare as text', async (_, send) => {
    const { bus, waiting } = await openBilling();
    await send(bus, '{}', 'Application/JSON ; Charset=UTF-8');
    await send(bus, '<a/>', 'text/xml');
    const types = waiting('billing').map(({ headers }) => headers.contentType);
    expect(types).toEqual(['application/json;charset=UTF-8', 'application/xml']);
  });

  test.each(sending)('of %s is nothing where the content type names many types, or has parts', async (_, send) => {
    const { bus, waiting } = await openBilling();
    for (const [type, told] of [
      ['*/*', '"*/*" stands for many media types; name the one to send'],
      ['text/*; q=0.5', 'stands for many media types'],
      ['Multipart/Form-Data; boundary=x', 'has parts, which no handler could take apart'],
    ] as const) {
      const error = { code: 'unsupported-media-type', message: expect.stringContaining(told) };
      expect(await caught(() => send(bus, 'x', type))).toMatchObject(error);
    }
    expect(waiting('billing')).toEqual([]);
  });

  test.each(sending)('of %s is what the caller decided', async (_, send) => {
    const { bus, waiting } = await openBilling();
    const id = '019f8a1e-8c0a-4c3e-9d51-2f1a7f3f2f10';
    const metadata = { executorId: '7', attempt: 3, ratio: 1.5, urgent: true, nothing: null, tags: ['a', null] };
    const options = { id, correlationId: 'order 7', priority: 7, timeToLive: 60_000 };
    const receipt = await send(bus, '{"b": 1.0}', 'application/json; v=1', metadata, options);
    expect(receipt).toEqual({ messageId: id, correlationId: 'order 7', routed: true });
    const [arrived] = waiting('billing');
    expect(arrived?.headers).toMatchObject({
      id,
      correlationId: 'order 7',
      priority: 7,
      contentType: 'application/json;v=1',
      executorId: '7',
      attempt: 3,
      ratio: 1.5,
      urgent: true,
      tags: '["a"]',
    });
    expect(arrived?.headers).not.toHaveProperty('nothing');
    expect(arrived?.headers).not.toHaveProperty('timeToLive');
    expect(arrived && textOf(arrived)).toBe('{"b": 1.0}');
  });

  test('has a timestamp in whole seconds', async () => {
    const { bus, waiting } = await openBilling();
    const before = Math.floor(Date.now() / 1000);
    await command(bus, 'x');
    const timestamp = waiting('billing')[0]?.headers.timestamp as number;
    expect(Number.isInteger(timestamp)).toBe(true);
    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(timestamp).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  test('is bytes untouched, and text as UTF-8', async () => {
    const { bus, waiting } = await openBilling();
    const bytes = Uint8Array.from([0, 255, 128]);
    await bus.sendCommand('billing', 'billing.change', bytes, 'application/octet-stream');
    await command(bus, 'zażółć');
    expect(waiting('billing').map(({ body }) => Buffer.from(body))).toEqual([
      Buffer.from(bytes),
      Buffer.from('zażółć'),
    ]);
  });

  test('has a new id each time', async () => {
    const { bus, waiting } = await openBilling();
    await Promise.all(Array.from({ length: 100 }, () => command(bus, 'x')));
    const ids = waiting('billing').map(({ headers }) => String(headers.id));
    expect(new Set(ids).size).toBe(100);
    expect(ids.every(isMessageId)).toBe(true);
  });
});

describe('what is converted first', () => {
  test.each(converting)('arrives from %s as JSON unless told otherwise', async (_, send) => {
    const { bus, waiting } = await openBilling();
    await send(bus, { personId: '123', at: new Date(0) }, { executorId: '7' });
    const [arrived] = waiting('billing');
    expect(arrived && textOf(arrived)).toBe('{"personId":"123","at":"1970-01-01T00:00:00+00:00"}');
    expect(arrived?.headers).toMatchObject({ contentType: 'application/json', executorId: '7' });
    expect(arrived?.headers).not.toHaveProperty('__TypeId__');
  });

  test('arrives as the configuration says', async () => {
    const { bus, waiting } = await openBilling({ defaultSerializationMediaType: 'text/xml' });
    await convertCommand(bus, { a: 1 });
    expect(waiting('billing').map(textOf)).toEqual(['<message><a>1</a></message>']);
    expect(waiting('billing')[0]?.headers.contentType).toBe('application/xml');
  });

  test('arrives as this call says, from what it says it is', async () => {
    const { bus, waiting } = await openBilling();
    const form = 'application/x-www-form-urlencoded';
    await convertCommand(
      bus,
      Buffer.from('a=1'),
      {},
      { sourceMediaType: form, targetMediaType: 'application/vnd.x+json' },
    );
    expect(waiting('billing').map(textOf)).toEqual(['{"a":"1"}']);
    expect(waiting('billing')[0]?.headers.contentType).toBe('application/vnd.x+json');
  });

  test.each<[unknown, ConversionOptions, string]>([
    [{ a: 1 }, { targetMediaType: 'image/png' }, 'unsupported-media-type'],
    [{ a: 1 }, { targetMediaType: 'json' }, 'unsupported-media-type'],
    [{ a: 1 }, { targetMediaType: 'application/*' }, 'unsupported-media-type'],
    [{ a: 1 }, { targetMediaType: 'multipart/form-data' }, 'unsupported-media-type'],
    [Buffer.from('{}'), { sourceMediaType: '*/*' }, 'unsupported-media-type'],
    [{ a: 1 }, { targetMediaType: `text/${'x'.repeat(255)}` }, 'unsupported-media-type'],
    [{ a: 1 }, { targetMediaType: 'text/plain' }, 'not-convertible'],
    [undefined, {}, 'not-convertible'],
    [Buffer.from('{}'), {}, 'unsupported-media-type'],
    [Buffer.from('{'), { sourceMediaType: 'application/json', targetMediaType: 'text/xml' }, 'malformed-body'],
    [Buffer.from('{'), { sourceMediaType: 'application/json' }, 'malformed-body'],
  ])('is not sent when it cannot be: %j', async (value, options, code) => {
    const { bus, waiting } = await openBilling();
    expect(await caught(() => convertCommand(bus, value, {}, options))).toMatchObject({ code });
    expect(waiting('billing')).toEqual([]);
  });

  test.each(['application/x-js', 'Application/X-JS; a=b'])(
    'never travels as the value that %s stands for, which is not bytes',
    async (targetMediaType) => {
      const { bus, waiting } = await openBilling();
      const sourceMediaType = 'application/json';
      const calls = [
        () => convertCommand(bus, Buffer.from('{"a":1}'), {}, { sourceMediaType, targetMediaType }),
        () => convertCommand(bus, { a: 1 }, {}, { targetMediaType }),
        () => command(bus, 'x', targetMediaType),
        () => event(bus, 'x', targetMediaType),
      ];
      for (const call of calls) {
        expect(await caught(call)).toMatchObject({
          code: 'unsupported-media-type',
          message: expect.stringContaining(targetMediaType),
        });
      }
      expect(waiting('billing')).toEqual([]);
    },
  );

  test.each([
    ['a promise', () => Promise.resolve(Buffer.from('x'))],
    ['a text', () => 'x'],
    ['nothing', () => undefined],
  ])('is not sent when a converter gives %s instead of bytes', async (_, convert) => {
    const csv = { name: 'CSV', matches: () => true, convert };
    const { bus, waiting } = await openBilling({ converters: [csv] });
    expect(await caught(() => convertCommand(bus, {}, {}, { targetMediaType: 'text/csv' }))).toMatchObject({
      code: 'not-convertible',
      message: expect.stringContaining('text/csv'),
    });
    expect(waiting('billing')).toEqual([]);
  });
});

describe('what is not valid is not sent', () => {
  const reserved = { 'ecotone.distributed.payloadType': 'event' };

  test.each<[string, (bus: DistributedBus) => Promise<unknown>, string]>([
    ['an empty destination', (bus) => bus.sendCommand('', 'a', 'x'), 'invalid-key'],
    ['a wildcard as destination', (bus) => bus.sendCommand('*', 'a', 'x'), 'invalid-key'],
    ['a destination of 201 bytes', (bus) => bus.sendCommand('x'.repeat(201), 'a', 'x'), 'invalid-key'],
    ['an empty routing key', (bus) => bus.sendCommand('billing', '', 'x'), 'invalid-key'],
    ['a wildcard in an event', (bus) => bus.publishEvent('order.#', 'x'), 'invalid-key'],
    ['a routing key of 256 bytes', (bus) => bus.publishEvent('x'.repeat(256), 'x'), 'invalid-key'],
    ['a line break in a channel', (bus) => bus.sendMessage('billing', 'a\nb', 'x'), 'invalid-key'],
    ['a number as routing key', (bus) => bus.sendCommand('billing', 7 as never, 'x'), 'invalid-key'],
    ['no destination', (bus) => bus.sendMessage(undefined as never, 'a', 'x'), 'invalid-key'],
    ['a content type without a slash', (bus) => command(bus, 'x', 'json'), 'unsupported-media-type'],
    ['a content type of 256 bytes', (bus) => command(bus, 'x', `text/${'x'.repeat(251)}`), 'unsupported-media-type'],
    ['no content type', (bus) => command(bus, 'x', null as never), 'unsupported-media-type'],
    ['broken JSON', (bus) => command(bus, '{', 'application/json'), 'malformed-body'],
    ['JSON that is empty', (bus) => event(bus, '', 'application/problem+json'), 'malformed-body'],
    ['a reserved header', (bus) => command(bus, 'x', 'text/plain', reserved), 'reserved-header'],
    ['an invalid header', (bus) => event(bus, 'x', 'text/plain', { a: Number.NaN }), 'invalid-header'],
    ['too many headers', (bus) => event(bus, 'x', 'text/plain', { a: 'x'.repeat(70_000) }), 'headers-too-large'],
    ['an id that is no UUID', (bus) => message(bus, 'x', 'text/plain', {}, { id: '7' }), 'invalid-header'],
    ['a delay that is none', (bus) => command(bus, 'x', 'text/plain', {}, { deliveryDelay: -1 }), 'invalid-header'],
    ['text that UTF-8 cannot hold', (bus) => command(bus, 'x\ud800'), 'not-convertible'],
    ['an object as it is', (bus) => command(bus, { a: 1 } as never), 'not-convertible'],
    ['a number as it is', (bus) => command(bus, 5 as never), 'not-convertible'],
    ['nothing as it is', (bus) => event(bus, undefined as never), 'not-convertible'],
    ['an ArrayBuffer', (bus) => message(bus, new ArrayBuffer(5) as never), 'not-convertible'],
  ])('%s', async (_, send, code) => {
    const { bus, waiting } = await openBilling();
    expect(await caught(() => send(bus))).toMatchObject({ code, outcome: 'not-accepted' });
    expect(waiting('billing')).toEqual([]);
  });

  test('names the invalid part in the error', async () => {
    const { bus } = await openBilling();
    expect((await caught(() => bus.sendCommand('a.*', 'b', 'x'))).message).toBe(
      'The destination has a wildcard (* or #).',
    );
    expect((await caught(() => bus.sendCommand('a', '', 'x'))).message).toBe('The routing key is empty.');
    expect((await caught(() => bus.publishEvent('a.*', 'x'))).message).toBe('The routing key has a wildcard (* or #).');
    expect((await caught(() => bus.sendMessage('a', '#', 'x'))).message).toBe('The channel has a wildcard (* or #).');
  });
});

describe('a destination', () => {
  test.each([
    ['command', (bus: DistributedBus) => bus.sendCommand('nobody', 'a', 'x')],
    ['message', (bus: DistributedBus) => bus.sendMessage('nobody', 'a', 'x')],
  ])('receives no %s if it does not exist, even if another service would take it', async (_, send) => {
    const { bus, addService, waiting } = await openBilling();
    await addService('everything', '*');
    const error = await caught(() => send(bus));
    expect(error).toMatchObject({
      code: 'destination-not-found',
      status: 404,
      outcome: 'not-accepted',
      message: expect.stringContaining("No service 'nobody' on this bus: the queue 'distributed_nobody'"),
      messageId: expect.any(String),
    });
    expect(waiting('everything')).toEqual([]);
  });

  test('is reported as not found when no queue took the command, even if it was not looked up', async () => {
    const { bus } = await openBilling({ checkDestinations: false });
    expect(await caught(() => bus.sendCommand('nobody', 'a', 'x'))).toMatchObject({ code: 'destination-not-found' });
  });

  describe.each([true, false])('whose queue is no service’s, with checkDestinations: %s,', (checkDestinations) => {
    test.each(['billing_dead_letter', 'billing_dead_letter_browser'])('is refused: %s', async (name) => {
      const { bus, waiting } = await openBilling({ checkDestinations });
      const sends = [
        () => bus.sendCommand(name, 'a', 'x'),
        () => bus.sendMessage(name, 'a', 'x'),
        () => bus.sendCommand(name, 'a', 'x', 'text/plain', {}, { deliveryDelay: 1 }),
      ];
      for (const send of sends) {
        expect(await caught(send)).toMatchObject({
          code: 'destination-not-found',
          outcome: 'not-accepted',
          message: `No service can have the name '${name}': the queue 'distributed_${name}' is for the dead letters of 'billing'. Send to 'billing'.`,
          messageId: expect.any(String),
        });
      }
      expect(waiting('billing')).toEqual([]);
    });
  });

  test('may be any service that takes the command if it is not looked up', async () => {
    const { bus, addService, waiting } = await openBilling({ checkDestinations: false });
    await addService('everything', '*');
    await bus.sendCommand('nobody', 'a', 'x');
    expect(waiting('everything')).toHaveLength(1);
  });

  test('is nothing that an event needs', async () => {
    const { bus } = await openBilling();
    expect(await bus.publishEvent('nobody.listens', 'x')).toMatchObject({ routed: false });
  });
});

describe('what this service itself handles', () => {
  const Change = Type.Object({ personId: Type.String() });
  const handlers = [
    defineCommandHandler({ routingKey: 'shop.change', distributed: true, payload: Change, handle() {} }),
    defineCommandHandler({ routingKey: 'shop.local', payload: Change, handle() {} }),
    defineEventHandler({
      routingKey: 'shop.*',
      distributed: true,
      parameters: { executorId: header('executorId', Type.String()), change: payload(Change) },
      handle() {},
    }),
  ];

  async function openShop(): Promise<BusFixture> {
    const fixture = await openBus({ handlers });
    await fixture.addService('shop', 'shop.*');
    await fixture.addService('billing');
    return fixture;
  }

  test.each<[string, (bus: DistributedBus) => Promise<unknown>]>([
    ['a command', (bus) => bus.convertAndSendCommand('shop', 'shop.change', { personId: true })],
    [
      'a command of another media type',
      (bus) => bus.sendCommand('shop', 'shop.change', 'personId=7&personId=8', 'application/x-www-form-urlencoded'),
    ],
    ['an event', (bus) => bus.convertAndPublishEvent('shop.changed', {})],
  ])('is refused at once when its schema would refuse it: %s', async (_, send) => {
    const { bus, waiting } = await openShop();
    expect(await caught(() => send(bus))).toMatchObject({ code: 'payload-refused', status: 422 });
    expect(waiting('shop')).toEqual([]);
  });

  test('is sent when it fits, whatever its headers lack', async () => {
    const { bus, waiting } = await openShop();
    await bus.convertAndSendCommand('shop', 'shop.change', { personId: '7' });
    await bus.convertAndPublishEvent('shop.changed', { personId: '7' });
    expect(waiting('shop')).toHaveLength(2);
  });

  test('is not checked for another service, nor by what is local', async () => {
    const { bus, waiting } = await openShop();
    await bus.convertAndSendCommand('billing', 'shop.change', { personId: 7 });
    await bus.convertAndSendCommand('shop', 'shop.local', { personId: 7 });
    expect([waiting('billing').length, waiting('shop').length]).toEqual([1, 1]);
  });
});

test('a channel that refuses is not covered up', async () => {
  const { bus, channel } = await openBilling();
  await channel.close(0);
  expect(await caught(() => event(bus, 'x'))).toMatchObject({ code: 'draining' });
});
