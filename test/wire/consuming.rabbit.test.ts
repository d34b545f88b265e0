import { type Channel, type ChannelModel, connect } from 'amqplib';
import { createGateway, defineCommandHandler, defineEventHandler, type Gateway, type MessageHeaders } from 'littoral';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { quietLogger } from '../logs/quiet-logger.ts';
import { type CapturedMessage, captured, captureNames, capturesOf } from './captured-message.ts';
import { publishCaptured } from './publish-captured.ts';

// The captures were sent to a service 'ts-gateway', and to whoever listens to 'order.*'. Here littoral is that service.
const vhost = useVhost();
const handled: { payload: unknown; headers: MessageHeaders }[] = [];
const handle = (payload: unknown, headers: MessageHeaders) => void handled.push({ payload, headers });

let gateway: Gateway;
let connection: ChannelModel;
let channel: Channel;

beforeAll(async () => {
  gateway = createGateway(
    {
      service: 'ts-gateway',
      broker: { url: vhost.url },
      handlers: [
        defineCommandHandler({ routingKey: 'billing.changeDetails', distributed: true, handle }),
        defineEventHandler({ routingKey: 'order.*', distributed: true, handle }),
      ],
    },
    { environment: {}, logger: quietLogger() },
  );
  await gateway.start();
  connection = await connect(vhost.url);
  channel = await connection.createChannel();
});
afterAll(async () => {
  await connection.close();
  await gateway.stop();
});
beforeEach(() => {
  handled.length = 0;
});

const forHandlers = captureNames.filter((name) => !name.startsWith('sendMessage') && name !== 'default-failure.resent');

describe('a handler sees what Ecotone sent:', () => {
  test.each(forHandlers)('%s', async (name) => {
    const capture = captured(name);
    publishCaptured(channel, capture);
    await eventually(() => expect(handled).toHaveLength(1));
    const { payload, headers } = handled[0] as (typeof handled)[number];

    expect(plain(payload)).toEqual(payloadOf(capture));
    for (const [header, { type, value }] of Object.entries(capture.headers)) {
      expect(headers[header], header).toEqual(seen(type, value));
    }
    expect(headers.contentType).toBe(capture.properties.content_type);
  });

  test('a message for a channel becomes a dead letter that says so', async () => {
    const capture = captured('sendMessage.json-metadata');
    publishCaptured(channel, capture);
    const [deadLetter] = await eventually(async () => {
      const waiting = await waitingMessages(vhost.url, 'distributed_ts-gateway_dead_letter');
      expect(waiting).toHaveLength(1);
      return waiting;
    });
    expect(Buffer.from(deadLetter?.body ?? []).toString()).toBe(capture.body);
    expect(deadLetter?.headers).toMatchObject({
      executorId: 'user-1',
      int: 5,
      'ecotone-class': 'littoral.no-handler',
      'exception-message': expect.stringContaining("No channel 'billing.message' in ts-gateway"),
    });
  });

  test('what Ecotone sent to its own queue again after a failure is a message like every other', async () => {
    const capture = captured('default-failure.resent');
    const headers = {
      ...capture.headers,
      'ecotone.distributed.targetServiceName': { type: 'S', value: 'ts-gateway' },
      'ecotone.distributed.routingKey': { type: 'S', value: 'billing.changeDetails' },
    };
    publishCaptured(channel, { ...capture, routingKey: 'distributed_ts-gateway', headers });
    await eventually(() => expect(handled).toHaveLength(1));
    expect(handled[0]).toMatchObject({ payload: { x: 1 }, headers: { executorId: 'u-1', f: 1.5, b: true } });
  });
});

describe('a handler reads the message of an application with the JMS converter:', () => {
  const kinds = capturesOf('php-jms').filter(
    ({ headers }) => headers['ecotone.distributed.payloadType']?.value !== 'message',
  );

  test.each(kinds.map((capture) => [capture.headers.id?.value, capture] as const))('%s', async (_, capture) => {
    const isEvent = capture.headers['ecotone.distributed.payloadType']?.value === 'event';
    const headers = {
      ...capture.headers,
      'ecotone.distributed.targetServiceName': { type: 'S', value: 'ts-gateway' },
      'ecotone.distributed.routingKey': { type: 'S', value: isEvent ? 'order.placed' : 'billing.changeDetails' },
    };
    publishCaptured(channel, { ...capture, exchange: '', routingKey: 'distributed_ts-gateway', headers });
    await eventually(() => expect(handled).toHaveLength(1));
    const [only] = handled;
    expect(only?.payload).toEqual(JSON.parse(capture.body));
    for (const [header, { type, value }] of Object.entries(headers)) {
      expect(only?.headers[header], header).toEqual(seen(type, value));
    }
  });
});

/** What a handler finds in the place of a captured value. */
function seen(type: string, value: unknown): unknown {
  if (type === 't') return value === 1;
  if (type === 'A') return (value as { type: string; value: unknown }[]).map((item) => seen(item.type, item.value));
  if (type !== 'F') return value;
  const table = value as Record<string, { type: string; value: unknown }>;
  return Object.fromEntries(Object.entries(table).map(([name, item]) => [name, seen(item.type, item.value)]));
}

function payloadOf({ properties, body }: CapturedMessage): unknown {
  if (properties.content_type === 'application/x-php-serialized') {
    return { customerId: 7, nested: { n: null, e: [], f: 1, u: 'ż/' } };
  }
  return String(properties.content_type).startsWith('application/json') ? JSON.parse(body) : body;
}

/** Bytes that nothing decoded, as the text that they are. */
function plain(payload: unknown): unknown {
  return payload instanceof Uint8Array ? Buffer.from(payload).toString() : payload;
}
