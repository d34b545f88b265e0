import { connect } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AmqpConnection } from '../../../../src/engine/amqp/connection/amqp-connection.ts';
import { parseAmqpUrl } from '../../../../src/engine/amqp/connection/amqp-url.ts';
import { AmqpQueueLookup, type AmqpQueueLookupOptions } from '../../../../src/engine/amqp/publish/amqp-queue-lookup.ts';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { quietLogger } from '../../../logs/quiet-logger.ts';
import { newName } from '../../engine-fixture.ts';

const vhost = useVhost();

/** A look-up on a separate connection, with the number of channels that it has opened. */
async function openLookup(options: Partial<AmqpQueueLookupOptions> = {}) {
  let opened = 0;
  const address = parseAmqpUrl(vhost.url);
  const connection = new AmqpConnection({
    addresses: () => [address],
    name: 'look-up',
    role: 'test',
    heartbeatSeconds: 5,
    connectTimeoutMs: 60_000,
    logger: quietLogger(),
    onConnect: async (model) => {
      const { createChannel } = model;
      model.createChannel = () => {
        opened += 1;
        return createChannel.call(model);
      };
    },
  });
  onTestFinished(() => connection.close(1000));
  await connection.start();
  await eventually(() => expect(connection.failure).toBeUndefined());
  const lookup = new AmqpQueueLookup(connection, {
    rememberMs: 60_000,
    timeoutMs: 60_000,
    maxWaiting: 2000,
    ...options,
  });
  return { lookup, channels: () => opened };
}

async function makeQueue(): Promise<string> {
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  const queue = newName();
  await (await connection.createChannel()).assertQueue(queue);
  return queue;
}

describe('the look-up of a destination', () => {
  test('answers for a known one before all but a few of a thousand unknown ones', async () => {
    const queue = await makeQueue();
    // Each look-up of a known name asks again.
    const { lookup } = await openLookup({ rememberMs: 0 });
    expect(await lookup.hasQueue(queue)).toBe(true);
    let answered = 0;
    const unknown = Array.from({ length: 1000 }, async () => {
      expect(await lookup.hasQueue(newName())).toBe(false);
      answered += 1;
    });
    expect(await lookup.hasQueue(queue)).toBe(true);
    expect(answered).toBeLessThan(50);
    await Promise.all(unknown);
  });

  test('refuses unknown names beyond its limit, and never a known one', async () => {
    const queue = await makeQueue();
    const { lookup } = await openLookup({ rememberMs: 0, maxWaiting: 5 });
    expect(await lookup.hasQueue(queue)).toBe(true);
    const unknown = Promise.allSettled(Array.from({ length: 20 }, () => lookup.hasQueue(newName())));
    expect(await lookup.hasQueue(queue)).toBe(true);
    const outcomes = await unknown;
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(12);
    expect(refused[0]?.reason).toMatchObject({ code: 'too-many-in-flight' });
  });

  test('sends one request for an absent queue that many callers look up', async () => {
    const { lookup, channels } = await openLookup();
    const absent = newName();
    const answers = await Promise.all(Array.from({ length: 100 }, () => lookup.hasQueue(absent)));
    expect(new Set(answers)).toEqual(new Set([false]));
    expect(channels()).toBe(1);
    // The absence is cached only briefly.
    await eventually(async () => {
      await lookup.hasQueue(absent);
      expect(channels()).toBeGreaterThan(1);
    });
  });

  test('finds a queue at once that this process has declared, although it was absent right before', async () => {
    const { lookup } = await openLookup();
    const connection = await connect(vhost.url);
    onTestFinished(() => connection.close());
    const queue = newName();
    expect(await lookup.hasQueue(queue)).toBe(false);
    await (await connection.createChannel()).assertQueue(queue);
    lookup.onDeclared(queue);
    expect(await lookup.hasQueue(queue)).toBe(true);
  });

  test('needs one channel for all existing queues', async () => {
    const queues = [await makeQueue(), await makeQueue(), await makeQueue()];
    const { lookup, channels } = await openLookup({ rememberMs: 0 });
    for (const queue of [...queues, ...queues]) expect(await lookup.hasQueue(queue)).toBe(true);
    expect(channels()).toBe(1);
  });

  test('detects a deleted queue although messages for it are routed elsewhere', async () => {
    const queue = await makeQueue();
    const { lookup } = await openLookup({ rememberMs: 10 });
    expect(await lookup.hasQueue(queue)).toBe(true);
    await vhost.deleteQueue(queue);
    // A wide binding of another service can take them, so they are only short-lived evidence.
    await eventually(async () => {
      lookup.onRouted(queue);
      expect(await lookup.hasQueue(queue)).toBe(false);
    });
  });

  test('looks again at once for a queue whose message was returned', async () => {
    const queue = await makeQueue();
    const { lookup } = await openLookup();
    expect(await lookup.hasQueue(queue)).toBe(true);
    await vhost.deleteQueue(queue);
    expect(await lookup.hasQueue(queue)).toBe(true);
    lookup.onReturned(queue);
    expect(await lookup.hasQueue(queue)).toBe(false);
  });
});
