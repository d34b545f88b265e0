import { type ConsumeMessage, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { type Answer, post, type RunningGateway, runGateway } from '../flow/gateway-fixture.ts';
import { captured } from './captured-message.ts';
import { watchFieldTypes } from './field-types.ts';

// The captures were sent by a service 'php-billing' to a service 'ts-gateway'. Here littoral is the sender.
const vhost = useVhost();
const received: ConsumeMessage[] = [];
let types: readonly Readonly<Record<string, string>>[];
let close: () => Promise<void>;

beforeAll(async () => {
  const connection = await connect(vhost.url);
  close = () => connection.close();
  types = watchFieldTypes(connection);
  const channel = await connection.createChannel();
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  await channel.assertQueue('distributed_ts-gateway', { durable: true });
  await channel.bindQueue('distributed_ts-gateway', 'ecotone.distributed', 'ts-gateway');
  await channel.bindQueue('distributed_ts-gateway', 'ecotone.distributed', 'order.#');
  await channel.consume('distributed_ts-gateway', (message) => message && received.push(message), { noAck: true });
});
afterAll(() => close());

/** What a publish put on the wire, as the captures describe it. */
async function published(send: (gateway: RunningGateway) => Promise<Answer>) {
  const gateway = await runGateway({ service: 'php-billing', broker: { url: vhost.url } });
  const before = received.length;
  const answer = await send(gateway);
  expect(answer).toMatchObject({ status: 202, body: { routed: true, channel: 'rabbitmq' } });
  await eventually(() => expect(received.length).toBe(before + 1));
  const message = received[before] as ConsumeMessage;
  return { answer, message, types: types[before] as Readonly<Record<string, string>> };
}

const command = '/commands/ts-gateway/billing.changeDetails';
const event = '/events/order.placed';
const own = { 'message-correlation-id': 'corr-1' };

// What a JSON object over HTTP cannot say: an exact integer beyond 2^53, a whole number that is a float, and a text that is
// JSON text itself.
const notInJson: Readonly<Record<string, readonly string[]>> = {
  'sendCommand.metadata-scalars': ['big', 'wholeFloat'],
  'sendCommand.metadata-nested': ['date'],
};

/** Each capture, and the request that must put the same on the wire. */
const cases: readonly [string, string, unknown, Record<string, string>][] = [
  ['sendCommand', command, { customerId: 1 }, {}],
  [
    'sendCommand.metadata-scalars',
    command,
    { customerId: 1 },
    { 'message-headers': metadataOf('sendCommand.metadata-scalars') },
  ],
  [
    'sendCommand.metadata-nested',
    command,
    { customerId: 1 },
    { 'message-headers': metadataOf('sendCommand.metadata-nested') },
  ],
  ['sendCommand.priority', command, {}, { 'message-priority': '7' }],
  ['sendCommand.timeToLive', command, {}, { 'message-time-to-live': '60000' }],
  ['sendCommand.media-type-with-parameters', command, { a: 1 }, { 'content-type': 'application/json;charset=utf-8' }],
  ['convertAndSendCommand.array', command, { customerId: 7 }, { 'message-content-type': 'application/json' }],
  ['publishEvent', event, { orderId: 'o-1' }, {}],
  ['convertAndPublishEvent.object', event, { orderId: 'o-1' }, { 'message-content-type': 'application/json' }],
  [
    'sendMessage.json-metadata',
    '/messages/ts-gateway/billing.message',
    { a: 1 },
    { 'message-headers': '{"executorId":"user-1","int":5}' },
  ],
];

/** The same with a delay, after which nothing tells of it: Ecotone leaves its own traces. */
const delayedCases = [
  ...cases,
  ['sendCommand.deliveryDelay', command, { delayed: true }, { 'message-header-executor-id': 'user-1' }],
  ['publishEvent.deliveryDelay', event, { delayed: true }, {}],
] as const;

// The sender's own bookkeeping, the PHP type of the payload, which a sender that is not PHP does not have, and the traces.
const onlyEcotone = ['ecotone.publish_batch_id', '__TypeId__', 'ecotone_delay', 'x-death', 'x-first-death-exchange'];
onlyEcotone.push('x-first-death-queue', 'x-first-death-reason');

// What differs from message to message.
const varying = ['id', 'correlationId', 'timestamp'];

describe('littoral puts on the wire what Ecotone puts there:', () => {
  test.each(cases)('%s', async (name, path, payload, headers) => {
    await expectCaptured(name, (gateway) => post(gateway, path, payload, headers));
  });

  test.each(delayedCases)('%s, delayed', async (name, path, payload, headers) => {
    await expectCaptured(name, (gateway) => post(gateway, path, payload, { ...headers, 'message-delay': '40' }));
  });

  async function expectCaptured(name: string, send: (gateway: RunningGateway) => Promise<Answer>): Promise<void> {
    const capture = captured(name);
    const { message, types } = await published(send);

    expect(message.fields).toMatchObject({ exchange: capture.exchange, routingKey: capture.routingKey });
    const { contentType, deliveryMode, expiration } = message.properties;
    expect({ content_type: contentType, delivery_mode: deliveryMode, expiration }).toEqual({
      expiration: undefined,
      ...capture.properties,
    });

    const left = [...onlyEcotone, ...(notInJson[name] ?? [])];
    const expected = Object.entries(capture.headers).filter(([header]) => !left.includes(header));
    // Ecotone's bus leaves it out, its service map does not.
    const routingSlip = { type: 'S', value: 'ecotone.distributed.invoke' };
    expected.push(['routingSlip', routingSlip]);
    expect(types).toEqual(Object.fromEntries(expected.map(([header, { type }]) => [header, type])));
    for (const [header, { type, value }] of expected) {
      const sent = message.properties.headers?.[header];
      if (varying.includes(header)) expect(typeof sent).toBe(typeof value);
      else expect(sent, header).toEqual(type === 't' ? value === 1 : value);
    }
  }

  test('adds the AMQP properties that every other tool reads', async () => {
    const { message, answer } = await published((gateway) => post(gateway, command, {}, own));
    const { properties } = message;
    expect(properties).toMatchObject({
      messageId: answer.body.messageId,
      correlationId: 'corr-1',
      appId: 'php-billing',
      type: 'billing.changeDetails',
      deliveryMode: 2,
    });
    expect(properties.timestamp).toBe(properties.headers?.timestamp);
    expect(Math.abs(properties.timestamp - Date.now() / 1000)).toBeLessThan(60);
  });

  test('sends the body as the bytes that came in', async () => {
    const body = '{ "customerId" : 1.0, "big": 12345678901234567890 }\n';
    const { message } = await published(async (gateway) => {
      const response = await fetch(gateway.address + command, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    });
    expect(message.content.toString()).toBe(body);
  });
});

/** The metadata of a capture, as the header that asks for it. */
function metadataOf(name: string): string {
  const framework = /^(ecotone|id$|correlationId|contentType|timestamp|polled)/;
  const left = notInJson[name] ?? [];
  const own = Object.entries(captured(name).headers).filter(
    ([header]) => !framework.test(header) && !left.includes(header),
  );
  return asciiJson(Object.fromEntries(own.map(([header, { type, value }]) => [header, given(type, value)])));
}

/** What the sender gave for a header: objects and arrays travel as JSON text. */
function given(type: string, value: unknown): unknown {
  if (type === 't') return value === 1;
  return typeof value === 'string' && /^[[{]/.test(value) ? JSON.parse(value) : value;
}

/** As an HTTP header can carry it. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
