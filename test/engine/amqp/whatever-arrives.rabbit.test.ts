import { type ConfirmChannel, connect, type Options } from 'amqplib';
import { defineCommandHandler, defineEventHandler } from 'littoral';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { runGateway } from '../../flow/gateway-fixture.ts';
import { nestedTables, rawPublish } from './raw-publish.ts';

const vhost = useVhost();
const queue = 'distributed_billing';

const command = {
  'ecotone.distributed.payloadType': 'command',
  'ecotone.distributed.routingKey': 'change',
  'ecotone.distributed.targetServiceName': 'billing',
};
const json: Options.Publish = { contentType: 'application/json', headers: command };

// As a table on the wire: { '!': 'int64', value: 'evil' }, which amqplib would take for its own notation when sent again.
const oddTable = { '!': 'object', value: { '!': 'int64', value: 'evil' } };

const deepJson = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

const arrivals: readonly (readonly [string, Buffer, Options.Publish])[] = [
  ['no headers and no properties at all', Buffer.from('hello'), {}],
  ['a content type without a slash', Buffer.from('{}'), { ...json, contentType: 'json' }],
  ['no content type', Buffer.from('{}'), { headers: command }],
  ['header names that are numbers', Buffer.from('{"broken'), { ...json, headers: { ...command, 7: 'seven', '-1': 1 } }],
  ['broken JSON', Buffer.from('{"personId":'), json],
  ['20,000 levels of nesting', Buffer.from(deepJson), json],
  ['a body that is not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), json],
  [
    'an unknown payload type',
    Buffer.from('{}'),
    { headers: { ...command, 'ecotone.distributed.payloadType': 'Query' } },
  ],
  [
    'a payload type that is a number',
    Buffer.from('{}'),
    { headers: { ...command, 'ecotone.distributed.payloadType': 1 } },
  ],
  [
    'a routing key that is a table',
    Buffer.from('{}'),
    { headers: { ...command, 'ecotone.distributed.routingKey': {} } },
  ],
  ['an unknown command', Buffer.from('{}'), { headers: { ...command, 'ecotone.distributed.routingKey': 'nothing' } }],
  ['a payload that the schema refuses', Buffer.from('{"personId":true}'), json],
  ['10 MB of no JSON', Buffer.alloc(10 * 1024 * 1024, 'x'), json],
  ['an x-death that is no array', Buffer.from('[]'), { ...json, headers: { ...command, 'x-death': 'yes' } }],
  ["headers in amqplib's own notation", Buffer.from('[]'), { ...json, headers: { ...command, odd: oddTable } }],
  ['headers that fill a frame', Buffer.from('[]'), { ...json, headers: { ...command, large: 'x'.repeat(64_000) } }],
];

async function publisher(): Promise<{ channel: ConfirmChannel; close: () => Promise<void> }> {
  const connection = await connect(vhost.url);
  return { channel: await connection.createConfirmChannel(), close: () => connection.close() };
}

test('whatever arrives, the consumer goes on, and nothing is lost', async () => {
  const handled: string[] = [];
  const gateway = await runGateway({
    service: 'billing',
    broker: { url: vhost.url },
    handlers: [
      defineCommandHandler({
        routingKey: 'change',
        distributed: true,
        payload: Type.Object({ personId: Type.String() }),
        handle: ({ personId }) => void handled.push(personId),
      }),
      defineEventHandler({ routingKey: 'order.*', distributed: true, handle: () => {} }),
    ],
  });
  const { channel, close } = await publisher();

  for (const [index, [name, body, properties]] of arrivals.entries()) {
    channel.publish('', queue, body, { persistent: true, ...properties });
    channel.publish('', queue, Buffer.from(JSON.stringify({ personId: `after ${name}` })), json);
    await channel.waitForConfirms();
    await eventually(() => expect(handled.at(-1)).toBe(`after ${name}`));
    await eventually(async () => expect(await vhost.messages(`${queue}_dead_letter`), name).toBe(index + 1));
  }

  expect((await fetch(`${gateway.address}/readyz`)).status).toBe(200);
  expect(await vhost.messages(queue)).toBe(0);
  await close();
});

/** Makes a service consume, and takes none of these messages. */
const other = defineCommandHandler({ routingKey: 'other', distributed: true, handle() {} });

test('a dead letter says why, and holds the message as it came', async () => {
  await runGateway({ service: 'orders', broker: { url: vhost.url }, handlers: [other] });
  const { channel, close } = await publisher();
  const headers = { ...command, 'ecotone.distributed.targetServiceName': 'orders', executorId: 'u-1' };
  channel.publish('', 'distributed_orders', Buffer.from('{"a":1}'), { ...json, headers, messageId: 'm-1' });

  const deadLetter = await eventually(async () => {
    const message = await channel.get('distributed_orders_dead_letter', { noAck: true });
    if (!message) throw new Error('no dead letter yet');
    return message;
  });
  expect(deadLetter.content.toString()).toBe('{"a":1}');
  expect(deadLetter.properties).toMatchObject({ contentType: 'application/json', messageId: 'm-1', deliveryMode: 2 });
  expect(deadLetter.properties.headers).toMatchObject({
    executorId: 'u-1',
    'ecotone-class': 'littoral.no-handler',
    'exception-message': "No distributed command handler 'change' in orders. Registered: other.",
    'exception-stacktrace': expect.stringContaining('LittoralError: No distributed command handler'),
    'exception-file': expect.stringContaining('recipient-resolver'),
    'exception-line': expect.any(Number),
    'exception-code': 0,
  });
  await close();
});

test('headers nested deeper than the client can read end in the dead letter queue, and the consumer goes on', async () => {
  const handled: unknown[] = [];
  const gateway = await runGateway({
    service: 'deep',
    broker: { url: vhost.url },
    handlers: [
      defineCommandHandler({
        routingKey: 'change',
        distributed: true,
        handle: (payload) => void handled.push(payload),
      }),
    ],
  });
  const connection = await connect(vhost.url);
  const channel = await connection.createConfirmChannel();
  rawPublish(connection, 1, 'distributed_deep', nestedTables(4000));
  const headers = { ...command, 'ecotone.distributed.targetServiceName': 'deep' };
  await eventually(async () => expect(await vhost.messages('distributed_deep_dead_letter')).toBe(1), {
    timeoutMs: 200_000,
  });
  channel.publish('', 'distributed_deep', Buffer.from('"after"'), { ...json, headers });
  await eventually(() => expect(handled).toEqual(['after']));
  await eventually(async () => expect((await fetch(`${gateway.address}/readyz`)).status).toBe(200));
  await connection.close();
});

test.each(['quorum', 'classic'] as const)(
  'failing messages whose headers cannot be written again do not hold their places in a %s queue',
  async (queueType) => {
    const handled: unknown[] = [];
    const service = `places-${queueType}`;
    const change = defineCommandHandler({
      routingKey: 'change',
      distributed: true,
      handle(body) {
        if (body === 'fail') throw new Error('of the handler');
        handled.push(body);
      },
    });
    await runGateway({ service, broker: { url: vhost.url, queueType }, concurrency: 2, handlers: [change] });
    const { channel, close } = await publisher();
    const target = { ...command, 'ecotone.distributed.targetServiceName': service };
    const headers = { ...target, large: { '!': 'double', value: 1e20 }, note: 'x'.repeat(65_000) };
    for (let message = 0; message < 3; message++) {
      channel.publish('', `distributed_${service}`, Buffer.from('"fail"'), {
        ...json,
        headers,
        messageId: `m-${message}`,
      });
    }
    channel.publish('', `distributed_${service}`, Buffer.from('"after"'), { ...json, headers: target });
    await eventually(() => expect(handled).toEqual(['after']));
    await eventually(async () => expect(await vhost.messages(`distributed_${service}_dead_letter`)).toBe(3));
    const letter = await channel.get(`distributed_${service}_dead_letter`, { noAck: true });
    expect(letter).toMatchObject({ content: Buffer.from('"fail"'), properties: { messageId: 'm-0' } });
    await close();
  },
);

test.each(['quorum', 'classic'] as const)(
  'what has no room left for the headers of an error is moved as it came, from a %s queue',
  async (queueType) => {
    const service = `full-${queueType}`;
    await runGateway({ service, broker: { url: vhost.url, queueType }, handlers: [other] });
    const { channel, close } = await publisher();
    const headers = { ...command, 'ecotone.distributed.targetServiceName': service, large: 'x'.repeat(65_200) };
    channel.publish('', `distributed_${service}`, Buffer.from('"kept"'), { ...json, headers });
    const moved = await eventually(async () => {
      const message = await channel.get(`distributed_${service}_dead_letter`, { noAck: true });
      if (!message) throw new Error('no dead letter yet');
      return message;
    });
    expect(moved.content.toString()).toBe('"kept"');
    expect(moved.properties.headers?.large).toHaveLength(65_200);
    await eventually(async () => expect(await vhost.messages(`distributed_${service}`)).toBe(0));
    await close();
  },
);
