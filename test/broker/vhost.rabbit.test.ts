import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { eventually } from './eventually.ts';
import { useVhost } from './use-vhost.ts';
import { createVhost } from './vhost.ts';

const vhost = useVhost();

let connection: Awaited<ReturnType<typeof connect>>;

beforeAll(async () => {
  connection = await connect(vhost.url, { clientProperties: { connection_name: 'orders' } });
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('placed', { durable: true, arguments: { 'x-max-length': 7 } });
  await channel.assertExchange('events', 'topic');
  await channel.bindQueue('placed', 'events', 'order.#');
  channel.publish('events', 'order.placed', Buffer.from('1'));
  channel.publish('events', 'order.placed', Buffer.from('2'));
  await channel.waitForConfirms();
});

afterAll(async () => {
  await connection?.close().catch(() => {});
});

test('messages is exact as soon as they are confirmed', async () => {
  expect(await vhost.messages('placed')).toBe(2);
  await expect(vhost.messages('missing')).rejects.toThrow("no queue 'missing'");
});

test('queues and bindings show what was declared', async () => {
  // From 4.0 on the broker adds the type to the arguments.
  expect(await vhost.queues()).toEqual([
    {
      name: 'placed',
      type: 'classic',
      durable: true,
      arguments: expect.objectContaining({ 'x-max-length': 7 }),
      messages: 2,
    },
  ]);
  expect(await vhost.bindings()).toEqual([
    { source: 'events', destination: 'placed', destinationType: 'queue', routingKey: 'order.#', arguments: {} },
  ]);
});

test('a policy applies to the queues which it names', async () => {
  await vhost.setPolicy('only-one', { pattern: '^placed$', definition: { 'max-length': 1 } });
  await eventually(async () => expect(await vhost.messages('placed')).toBe(1));
});

test('deleting a policy ends its effect, and deleting it again does nothing', async () => {
  await vhost.setPolicy('at-most-one', { pattern: '^placed$', definition: { 'max-length': 1 } });
  await vhost.deletePolicy('only-one');
  await vhost.deletePolicy('at-most-one');
  await vhost.deletePolicy('at-most-one');
  const channel = await connection.createConfirmChannel();
  await eventually(async () => {
    channel.sendToQueue('placed', Buffer.from('one more'));
    await channel.waitForConfirms();
    expect(await vhost.messages('placed')).toBeGreaterThan(1);
  });
  await channel.close();
});

test('deleting a binding leaves the others, and deleting it again does nothing', async () => {
  const channel = await connection.createChannel();
  await channel.bindQueue('placed', 'events', 'order.*');
  const binding = { source: 'events', destination: 'placed', routingKey: 'order.*' };
  await vhost.deleteBinding(binding);
  await vhost.deleteBinding(binding);
  expect(await vhost.bindings()).toMatchObject([{ source: 'events', routingKey: 'order.#' }]);
  await channel.close();
});

test('deleting an exchange deletes its bindings, and deleting it again does nothing', async () => {
  await vhost.deleteExchange('events');
  await vhost.deleteExchange('events');
  expect(await vhost.bindings()).toEqual([]);
});

test('a deleted queue is gone, and deleting it again does nothing', async () => {
  await vhost.deleteQueue('placed');
  await vhost.deleteQueue('placed');
  expect(await vhost.queues()).toEqual([]);
});

test('connections go by the names which their clients gave them', async () => {
  await eventually(async () => expect(await vhost.connections()).toMatchObject([{ connectionName: 'orders' }]));
});

test('closeConnections ends all connections of this vhost, also the newest, and no others', async () => {
  const other = await createVhost({ url: inject('brokerUrl'), managementUrl: inject('managementUrl') });
  const untouched = await connect(other.url, { clientProperties: { connection_name: 'untouched' } });
  const newest = await connect(vhost.url);
  newest.on('error', () => {});
  let open = 2;
  for (const each of [connection, newest]) each.once('close', () => open--);

  let closed = 0;
  // A broker that is busy lists a connection a moment after its client has it.
  await eventually(async () => {
    closed += await vhost.closeConnections();
    expect(open).toBe(0);
  });
  expect(closed).toBeGreaterThanOrEqual(2);

  await eventually(async () => expect(await other.connections()).toMatchObject([{ connectionName: 'untouched' }]));
  // The statistics follow a moment later.
  await eventually(async () => expect(await vhost.connections()).toEqual([]));
  await untouched.close();
  await other.close();
});

test('a closed vhost does not exist any more', async () => {
  const shortLived = await createVhost({ url: inject('brokerUrl'), managementUrl: inject('managementUrl') });
  await shortLived.close();
  await expect(connect(shortLived.url)).rejects.toThrow();
});

test('a management API which does not answer is reported with what to do', async () => {
  const nowhere = { url: inject('brokerUrl'), managementUrl: 'http://127.0.0.1:1' };
  await expect(createVhost(nowhere)).rejects.toThrow('RABBITMQ_MANAGEMENT_URL');
});
