import { type Channel, type ConsumeMessage, connect } from 'amqplib';
import { createGateway, defineCommandHandler, defineEventHandler, type MessageHeaders } from 'littoral';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';
import { quietLogger } from '../logs/quiet-logger.ts';
import { type CapturedMessage, capturesOf } from './captured-message.ts';
import { watchFieldTypes } from './field-types.ts';
import { publishCaptured } from './publish-captured.ts';

// Sent by Ecotone's service map to the queue `map_capture`, which its channel reads.
const captures = capturesOf('service-map');
const [command, converted, event, convertedEvent, message, expiring, delayed] = captures as [
  CapturedMessage,
  CapturedMessage,
  CapturedMessage,
  CapturedMessage,
  CapturedMessage,
  CapturedMessage,
  CapturedMessage,
];
const queue = 'map_capture';

const vhost = useVhost();
let channel: Channel;
let types: readonly Readonly<Record<string, string>>[];
const received: ConsumeMessage[] = [];
let close: () => Promise<void>;

beforeAll(async () => {
  const connection = await connect(vhost.url);
  close = () => connection.close();
  types = watchFieldTypes(connection);
  channel = await connection.createChannel();
  await channel.assertQueue(queue, { durable: true });
});
afterAll(() => close());

const text = (capture: CapturedMessage, header: string) => String(capture.headers[header]?.value);
const keyOf = (capture: CapturedMessage) => text(capture, 'ecotone.distributed.routingKey');
const service = text(command, 'ecotone.distributed.targetServiceName');
const source = text(command, 'ecotone.distributed.sourceServiceName');
const metadata = JSON.stringify({ b: true, n: 7, nested: { a: 1 }, r: 1.5 });

describe('littoral sends the same message by its routes as Ecotone by its service map:', () => {
  beforeAll(async () => {
    await channel.consume(queue, (message) => message && received.push(message), { noAck: true, consumerTag: 'sent' });
  });
  afterAll(() => channel.cancel('sent'));

  test.each<[string, CapturedMessage, string, Record<string, string>]>([
    ['a command', command, `/commands/${service}/${keyOf(command)}`, { 'message-headers': metadata }],
    ['an event', event, `/events/${keyOf(event)}`, {}],
    ['a message', message, `/messages/${service}/${keyOf(message)}`, { 'content-type': 'text/plain' }],
    [
      'a command that expires',
      expiring,
      `/commands/${service}/${keyOf(expiring)}`,
      { 'message-time-to-live': '60000', 'message-priority': text(expiring, 'priority') },
    ],
    ['a command after a delay', delayed, `/commands/${service}/${keyOf(delayed)}`, { 'message-delay': '40' }],
  ])('%s', async (_, capture, path, headers) => {
    const routes = { services: { [service]: { queue } }, events: [{ keys: [keyOf(event)], queue }] };
    const gateway = await runGateway({ service: source, broker: { url: vhost.url }, routes });
    const before = received.length;
    const response = await fetch(gateway.address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: capture.body,
    });
    expect([response.status, await response.json()]).toEqual([202, expect.objectContaining({ routed: true })]);
    await eventually(() => expect(received.length).toBe(before + 1));

    const sent = received[before] as ConsumeMessage;
    expect(sent.fields).toMatchObject({ exchange: '', routingKey: queue });
    expect(sent.content.toString()).toBe(capture.body);
    const { contentType, deliveryMode, expiration } = sent.properties;
    expect({ content_type: contentType, delivery_mode: deliveryMode, expiration }).toEqual({
      expiration: undefined,
      ...capture.properties,
    });
    const expected = Object.entries(capture.headers).filter(([name]) => !onlyEcotone.includes(name));
    expect(types[before]).toEqual(Object.fromEntries(expected.map(([name, { type }]) => [name, type])));
    for (const [name, { type, value }] of expected) {
      if (['id', 'correlationId', 'timestamp'].includes(name)) continue;
      expect(sent.properties.headers?.[name], name).toEqual(type === 't' ? value === 1 : value);
    }
  });

  // Its own bookkeeping, the PHP type of the payload, and the traces of its delay.
  const onlyEcotone = ['ecotone.publish_batch_id', '__TypeId__', 'ecotone_delay', 'x-death', 'x-first-death-exchange'];
  onlyEcotone.push('x-first-death-queue', 'x-first-death-reason');

  test('refuses a queue that does not exist', async () => {
    const routes = { services: { [service]: { queue: 'missing' } } };
    const gateway = await runGateway({ service: source, broker: { url: vhost.url, checkDestinations: false }, routes });
    const answer = await post(gateway, `/commands/${service}/x`, {});
    expect(answer).toMatchObject({ status: 404, body: { code: 'destination-not-found', outcome: 'not-accepted' } });
  });
});

describe('a gateway that consumes a queue by its name', () => {
  test('handles messages from a service map and from the exchange', async () => {
    const handled: { key: unknown; payload: unknown }[] = [];
    const handle = (payload: unknown, headers: MessageHeaders) => {
      handled.push({ key: headers['ecotone.distributed.routingKey'], payload });
    };
    const options = { distributed: true, handle } as const;
    const gateway = createGateway(
      {
        service,
        broker: { url: vhost.url, queue, queueType: 'classic' },
        handlers: [...new Set([command, converted, expiring, delayed].map(keyOf))]
          .map((routingKey) => defineCommandHandler({ routingKey, ...options }))
          .concat(
            [...new Set([event, convertedEvent].map(keyOf))].map((routingKey) =>
              defineEventHandler({ routingKey, ...options }),
            ) as never[],
          ),
      },
      { environment: {}, logger: quietLogger() },
    );
    await gateway.start();
    try {
      const sent = [command, converted, event, convertedEvent, expiring, delayed];
      for (const capture of sent) publishCaptured(channel, { ...capture, exchange: '', routingKey: queue });
      await gateway.distributedBus.publishEvent(keyOf(event), '{"byExchange":true}', 'application/json');
      const all = [...sent.map(({ body }) => JSON.parse(body)), { byExchange: true }];
      await eventually(() => expect(handled).toHaveLength(all.length));
      expect(handled.map(({ payload }) => payload)).toEqual(expect.arrayContaining(all));
      const { statusCode, body } = await gateway.app.inject('/endpoints');
      expect([statusCode, body]).toEqual([200, expect.stringContaining(`"queue":"${queue}"`)]);
    } finally {
      await gateway.stop();
    }
  });
});
