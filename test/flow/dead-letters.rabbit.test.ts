import { type ConfirmChannel, connect, type Options } from 'amqplib';
import { defineCommandHandler } from 'littoral';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { nestedTables, rawPublish } from '../engine/amqp/raw-publish.ts';
import { post, type RunningGateway, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();

/** Whatever JSON the gateway answered. */
// biome-ignore lint/suspicious/noExplicitAny: as above
async function get(gateway: RunningGateway, path: string): Promise<any> {
  const response = await fetch(gateway.address + path);
  expect(response.status).toBe(200);
  return response.json();
}

async function publisher() {
  const connection = await connect(vhost.url);
  connection.on('error', () => {});
  onTestFinished(() => connection.close().catch(() => {}));
  return { connection, channel: await connection.createConfirmChannel() };
}

async function put(channel: ConfirmChannel, queue: string, body: string, properties: Options.Publish = {}) {
  channel.publish('', queue, Buffer.from(body), { persistent: true, ...properties });
  await channel.waitForConfirms();
}

function commandFor(service: string) {
  return {
    'ecotone.distributed.payloadType': 'command',
    'ecotone.distributed.routingKey': 'change',
    'ecotone.distributed.targetServiceName': service,
  };
}

/** A service whose handler of `change` does as `mood` says. */
async function service(name: string, mood: { handle: (payload: unknown) => unknown }, consume = true) {
  const change = defineCommandHandler({
    routingKey: 'change',
    distributed: true,
    handle: (payload: unknown) => mood.handle(payload),
  });
  const retries = { maxAttempts: 0 };
  return runGateway({ service: name, broker: { url: vhost.url }, handlers: [change], retries }, { consume });
}

function failing(): never {
  throw new TypeError('of the handler');
}

test('what failed is listed, shown, and handled after a replay', async () => {
  const mood: { handle: (payload: unknown) => unknown } = { handle: failing };
  const gateway = await service('mended', mood);
  const { body: receipt } = await post(
    gateway,
    '/commands/mended/change',
    { a: 1 },
    { 'Message-Header-Executor-Id': '7' },
  );
  await eventually(async () => expect((await get(gateway, '/dead-letters')).items).toHaveLength(1));

  const { items, next } = await get(gateway, '/dead-letters');
  expect(next).toBeNull();
  const [item] = items;
  expect(item).toMatchObject({
    messageId: receipt.messageId,
    correlationId: receipt.messageId,
    kind: 'command',
    routingKey: 'change',
    endpoint: 'change',
    service: 'mended',
    error: { class: 'TypeError', message: 'of the handler', code: 0 },
    contentType: 'application/json',
    bytes: 7,
    payload: { text: '{"a":1}' },
  });
  expect(Date.now() - Date.parse(item.deadLetteredAt)).toBeLessThan(60_000);
  const details = await get(gateway, `/dead-letters/${item.id}`);
  expect(details).toMatchObject({
    ...item,
    stackTrace: expect.stringContaining('TypeError: of the handler'),
    headers: { executorId: '7' },
  });

  const handled: unknown[] = [];
  mood.handle = (payload) => handled.push(payload);
  const replayed = await fetch(`${gateway.address}/dead-letters/${item.id}/replay`, { method: 'POST' });
  expect(replayed.status).toBe(202);
  await eventually(() => expect(handled).toEqual([{ a: 1 }]));
  expect(await get(gateway, '/dead-letters')).toEqual({ items: [], next: null });
  expect((await fetch(`${gateway.address}/dead-letters/${item.id}`)).status).toBe(404);
});

test('a poisonous message that is replayed and fails again is a dead letter again, each time', async () => {
  const gateway = await service('poison', { handle: failing }, false);
  const { connection, channel } = await publisher();
  // What a consumer does that dies with each delivery; the last time, the broker gives the message up.
  const poisonAll = async () => {
    const consuming = await connection.createChannel();
    await consuming.prefetch(1);
    await consuming.consume('distributed_poison', (message) => message && consuming.nack(message));
    await eventually(async () => expect(await vhost.messages('distributed_poison_dead_letter')).toBe(1));
    await consuming.close();
  };
  const consumer = gateway.channel.subscribe({
    queue: 'distributed_poison',
    deadLetterQueue: 'distributed_poison_dead_letter',
    bindingKeys: ['poison'],
    prefetch: 1,
    onDelivery: (delivery) => delivery.release(),
  });
  await eventually(() => expect(consumer.detached).toBeUndefined());
  await consumer.stop();

  channel.publish('ecotone.distributed', 'poison', Buffer.from('"x"'), {
    persistent: true,
    messageId: 'm-1',
    contentType: 'application/json',
    headers: commandFor('poison'),
  });
  for (let time = 1; time <= 3; time++) {
    await poisonAll();
    const { items } = await get(gateway, '/dead-letters');
    expect(items).toMatchObject([{ messageId: 'm-1', routingKey: 'change', bytes: 3 }]);
    expect(items[0].reason).toContain('delivered more than 20 times');
    expect(items[0]).not.toHaveProperty('error');
    // At every look the same.
    expect((await get(gateway, '/dead-letters?error=delivery_limit')).items[0].id).toBe(items[0].id);
    expect((await fetch(`${gateway.address}/dead-letters/${items[0].id}/replay`, { method: 'POST' })).status).toBe(202);
    await eventually(async () => expect(await vhost.messages('distributed_poison')).toBe(1));
    const message = await channel.get('distributed_poison');
    if (!message) return expect.unreachable('it was replayed');
    expect(message.properties).toMatchObject({ messageId: 'm-1', expiration: undefined });
    expect(message.properties.headers).not.toHaveProperty('x-death');
    expect(message.properties.headers).toMatchObject({ 'x-littoral-published-key': 'poison' });
    channel.nack(message);
  }
});

test('what expired is shown with that reason, and does not expire again after a replay', async () => {
  const handled: unknown[] = [];
  const gateway = await service('late', { handle: (payload) => handled.push(payload) });
  await gateway.stop();
  const { channel } = await publisher();
  await put(channel, 'distributed_late', '"late"', {
    contentType: 'application/json',
    expiration: '10',
    headers: commandFor('late'),
  });
  await eventually(async () => expect(await vhost.messages('distributed_late_dead_letter')).toBe(1));
  const later = await service('late', { handle: (payload) => handled.push(payload) });
  const { items } = await get(later, '/dead-letters?error=expired');
  expect(items).toMatchObject([{ reason: expect.stringContaining('expired'), payload: { text: '"late"' } }]);
  expect(await post(later, '/dead-letters/replay', { error: 'expired' })).toMatchObject({
    status: 200,
    body: { replayed: 1, failed: 0 },
  });
  await eventually(() => expect(handled).toEqual(['late']));
  expect(await vhost.messages('distributed_late_dead_letter')).toBe(0);
});

test('whatever another program puts there is shown as far as it can be, and can be deleted', async () => {
  const gateway = await service('any', { handle: failing });
  const { channel } = await publisher();
  const odd: Readonly<Record<string, unknown>>[] = [
    {},
    { 'x-death': 'yes', 'ecotone-class': 7, 'x-littoral-attempts': 'many', 'x-littoral-dead-letter-id': 'not a uuid' },
    { 'x-death': [7], 'x-littoral-dead-lettered-at': { '!': 'double', value: 1e300 } },
    { 'x-death': [{ reason: {}, queue: [] }], 'exception-message': Buffer.from([0xff]) },
    { 'x-littoral-queue': 'distributed_others', 'ecotone.distributed.routingKey': 'x'.repeat(60_000) },
    { constructor: 'x', toString: 'y', nested: { a: [{ b: Buffer.from([1]) }] } },
  ];
  for (const headers of odd) await put(channel, 'distributed_any_dead_letter', '\u0000bytes', { headers });
  const { items } = await get(gateway, '/dead-letters');
  expect(items).toHaveLength(odd.length);
  for (const item of items) {
    expect(item).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      bytes: 6,
      payload: { base64: 'AGJ5dGVz' },
    });
    expect(JSON.stringify(item).length).toBeLessThan(3000);
    expect(await get(gateway, `/dead-letters/${item.id}`)).toMatchObject({ id: item.id, headers: {} });
    expect((await fetch(`${gateway.address}/dead-letters/${item.id}`, { method: 'DELETE' })).status).toBe(204);
  }
  expect(await vhost.messages('distributed_any_dead_letter')).toBe(0);
});

/** The gateway declares its dead letter queue, in the form that the broker's version asks for. */
async function untilDeclared(queue: string): Promise<void> {
  await eventually(() => vhost.messages(queue));
}

test('a message that cannot be decoded is named by its position, and disturbs nothing else', async () => {
  const gateway = await service('deep', { handle: failing }, false);
  const { connection, channel } = await publisher();
  await untilDeclared('distributed_deep_dead_letter');
  await channel.assertQueue('distributed_deep');
  for (const text of ['1', '2']) await put(channel, 'distributed_deep_dead_letter', text);
  rawPublish(connection, 1, 'distributed_deep_dead_letter', nestedTables(4000));
  await eventually(async () => expect(await vhost.messages('distributed_deep_dead_letter')).toBe(3));
  const { items, next, fault } = await get(gateway, '/dead-letters');
  expect(items).toMatchObject([{ payload: { text: '1' } }, { payload: { text: '2' } }]);
  expect({ next, fault }).toEqual({ next: null, fault: expect.stringMatching(/position 3 .* rabbitmqadmin/s) });
  const first = await get(gateway, '/dead-letters?limit=1');
  expect(first).toEqual({ items: [items[0]], next: expect.stringMatching(/\S/) });
  // One before it can be replayed, once.
  expect((await fetch(`${gateway.address}/dead-letters/${items[0].id}/replay`, { method: 'POST' })).status).toBe(202);
  const replay = await post(gateway, '/dead-letters/replay', {});
  expect(replay).toMatchObject({ status: 500, body: { code: 'unreadable-message' } });
  expect(replay.body.detail).toMatch(/position 2 .* 1 were replayed/s);
  // Each look loses its connection, and the next one waits until RabbitMQ has heard of it.
  for (let look = 0; look < 10; look++) {
    const stuck = await fetch(`${gateway.address}/dead-letters`);
    expect(await stuck.json()).toMatchObject({ status: 500, code: 'unreadable-message' });
  }
  expect((await fetch(`${gateway.address}/readyz`)).status).toBe(200);
  await eventually(async () => expect(await vhost.messages('distributed_deep_dead_letter')).toBe(1));
  await eventually(async () => expect(await vhost.messages('distributed_deep')).toBe(2));
});

test('a replay to a queue that was deleted keeps the dead letter', async () => {
  const gateway = await service('gone', { handle: failing }, false);
  const { channel } = await publisher();
  await untilDeclared('distributed_gone_dead_letter');
  await put(channel, 'distributed_gone_dead_letter', 'kept');
  const { items } = await get(gateway, '/dead-letters');
  const response = await fetch(`${gateway.address}/dead-letters/${items[0].id}/replay`, { method: 'POST' });
  expect(await response.json()).toMatchObject({ status: 404, code: 'destination-not-found' });
  expect(await vhost.messages('distributed_gone_dead_letter')).toBe(1);
});

test('twenty thousand are listed page by page, each once and in order, and replayed', async () => {
  const count = 20_000;
  const gateway = await service('many', { handle: failing }, false);
  const { channel } = await publisher();
  await untilDeclared('distributed_many_dead_letter');
  await channel.assertQueue('distributed_many', { durable: true });
  for (let index = 0; index < count; index++) {
    channel.publish('', 'distributed_many_dead_letter', Buffer.from(String(index)), {
      persistent: true,
      messageId: String(index),
    });
    if (index % 1000 === 999) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();

  const first = await get(gateway, '/dead-letters?limit=100');
  const second = await get(gateway, `/dead-letters?limit=100&after=${first.next}`);
  const listed = [...first.items, ...second.items].map(({ messageId }: { messageId: string }) => messageId);
  expect(listed).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));

  expect((await post(gateway, '/dead-letters/replay', { limit: 7 })).body).toEqual({ replayed: 7, failed: 0 });
  expect((await post(gateway, '/dead-letters/replay', {})).body).toEqual({ replayed: count - 7, failed: 0 });
  expect(await vhost.messages('distributed_many_dead_letter')).toBe(0);
  expect(await vhost.messages('distributed_many')).toBe(count);
  for (let index = 0; index < 100; index++) {
    const message = await channel.get('distributed_many', { noAck: true });
    expect(message).toMatchObject({ content: Buffer.from(String(index)) });
  }
});
