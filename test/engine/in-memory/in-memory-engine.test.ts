import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../../src/engine/delivery.ts';
import { InMemoryEngine, inMemoryFeatures } from '../../../src/engine/in-memory/in-memory-engine.ts';
import { eventually } from '../../broker/eventually.ts';
import { engineContract } from '../engine-contract.ts';
import { acknowledge, hold, messageOf, openInbox, openQueue, publishOnBus, send, textOf } from '../engine-fixture.ts';

const queue = 'billing';
const deadLetterQueue = 'billing_dead_letter';
const subscription = { queue, deadLetterQueue, bindingKeys: ['billing.*'], prefetch: 1, onDelivery: hold };

engineContract('the in-memory engine', inMemoryFeatures, async () => {
  const channel = new InMemoryEngine();
  await channel.start();
  return {
    channel,
    messages: async (name) => channel.messages(name),
    close: () => channel.close(0),
  };
});

async function startedChannel(maxMessages?: number): Promise<InMemoryEngine> {
  const channel = new InMemoryEngine(maxMessages === undefined ? {} : { maxMessages });
  await channel.start();
  return channel;
}

function texts(channel: InMemoryEngine, name: string): string[] {
  return channel.messages(name).map(textOf);
}

describe('the in-memory channel', () => {
  test('refuses what a full queue has no room for', async () => {
    const channel = await startedChannel(2);
    const full = await openQueue(channel);
    await send(channel, full.queue, '1');
    await send(channel, full.queue, '2');
    const message = messageOf('3');
    await expect(channel.publish({ to: { queue: full.queue }, message })).rejects.toMatchObject({
      code: 'nacked',
      messageId: message.headers.id,
      message: `No room in '${full.queue}': 2 messages wait. Consume them, or raise maxMessages.`,
    });
    expect(texts(channel, full.queue)).toEqual(['1', '2']);
  });

  test('puts a message into those queues that have room, and refuses it all the same', async () => {
    const channel = await startedChannel(1);
    const full = await openQueue(channel, ['paid']);
    const roomy = await openQueue(channel, ['paid']);
    await send(channel, full.queue, 'first');
    await expect(publishOnBus(channel, 'paid', 'second')).rejects.toMatchObject({ code: 'nacked', outcome: 'unknown' });
    expect(texts(channel, full.queue)).toEqual(['first']);
    expect(texts(channel, roomy.queue)).toEqual(['second']);
  });

  test('has room again once a message was taken, and always for dead letters', async () => {
    const channel = await startedChannel(1);
    const inbox = await openInbox(channel, { onDelivery: (delivery) => delivery.reject() });
    for (const text of ['1', '2', '3']) {
      await send(channel, inbox.queue, text);
      await eventually(() => expect(inbox.texts()).toContain(text));
    }
    expect(texts(channel, inbox.deadLetterQueue)).toEqual(['1', '2', '3']);
    expect(await send(channel, inbox.deadLetterQueue, '4')).toEqual({ routed: true });
  });

  test('never calls a handler within publish', async () => {
    const channel = await startedChannel();
    const inbox = await openInbox(channel, { onDelivery: acknowledge });
    const publishing = send(channel, inbox.queue, 'later');
    expect(inbox.texts()).toEqual([]);
    await publishing;
    expect(inbox.texts()).toEqual([]);
    await eventually(() => expect(inbox.texts()).toEqual(['later']));
  });

  test('does not run a handler in the async context of the publisher', async () => {
    const channel = await startedChannel();
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const inbox = await openInbox(channel, { onDelivery: () => seen.push(context.getStore()) });
    await context.run('publisher', () => send(channel, inbox.queue, 'any'));
    await inbox.delivery(1);
    expect(seen).toEqual([undefined]);
  });

  test('keeps messages as they were when published', async () => {
    const channel = await startedChannel();
    const inbox = await openQueue(channel);
    const headers = { id: '1', executorId: '7' };
    const body = Buffer.from('as published');
    await channel.publish({ to: { queue: inbox.queue }, message: { headers, body } });
    headers.executorId = '8';
    body.fill(0);
    const [waiting] = channel.messages(inbox.queue);
    expect(waiting?.headers).toEqual({ id: '1', executorId: '7' });
    expect(waiting && textOf(waiting)).toBe('as published');
    expect(Object.isFrozen(waiting?.headers)).toBe(true);
  });

  test('delivers to an earlier subscription once it is started', async () => {
    const channel = new InMemoryEngine();
    const deliveries: Delivery[] = [];
    const consumer = channel.subscribe({ ...subscription, onDelivery: (delivery) => deliveries.push(delivery) });
    expect(consumer.detached).toMatch(/not been started/);
    expect(channel.health()).toEqual({ ready: false, reason: expect.stringMatching(/not been started/) });
    await expect(send(channel, queue, 'too early')).rejects.toMatchObject({ code: 'broker-unavailable' });
    await channel.start();
    expect(consumer.detached).toBeUndefined();
    await send(channel, queue, 'in time');
    await eventually(() => expect(deliveries.map(({ message }) => textOf(message))).toEqual(['in time']));
  });

  test('leaves a subscription alone that was stopped before the start', async () => {
    const channel = new InMemoryEngine();
    const consumer = channel.subscribe(subscription);
    await consumer.stop();
    await channel.start();
    expect(consumer.detached).toMatch(/stopped/);
  });

  test('refuses a queue with another dead letter queue', async () => {
    const channel = await startedChannel();
    channel.subscribe(subscription);
    const other = { ...subscription, deadLetterQueue: 'other' };
    expect(() => channel.subscribe(other)).toThrow(expect.objectContaining({ code: 'topology-mismatch' }));
    const dead = { ...subscription, queue: deadLetterQueue, deadLetterQueue: 'other' };
    expect(() => channel.subscribe(dead)).toThrow(/exists with none .* not 'other'/);
  });

  test('takes turns between consumers, also when messages come one by one', async () => {
    const channel = await startedChannel();
    const first = await openInbox(channel, { onDelivery: acknowledge });
    const second = await openInbox(channel, { queue: first.queue, onDelivery: acknowledge });
    for (let count = 1; count <= 6; count++) {
      await send(channel, first.queue, `${count}`);
      await eventually(() => expect(first.deliveries.length + second.deliveries.length).toBe(count));
    }
    expect([first.texts(), second.texts()]).toEqual([
      ['1', '3', '5'],
      ['2', '4', '6'],
    ]);
  });

  test('delivers a poisonous message 21 times', async () => {
    const channel = await startedChannel();
    const inbox = await openInbox(channel, { onDelivery: (delivery) => delivery.release() });
    await send(channel, inbox.queue, 'poison');
    await eventually(() => expect(texts(channel, inbox.deadLetterQueue)).toEqual(['poison']));
    expect(inbox.deliveries).toHaveLength(21);
  });

  test('releases into the original order, in whatever order that happens', async () => {
    const channel = await startedChannel();
    const inbox = await openInbox(channel, { prefetch: 4 });
    for (const text of ['1', '2', '3', '4', '5']) await send(channel, inbox.queue, text);
    await inbox.delivery(4);
    await inbox.consumer.stop();
    for (const index of [2, 0, 3, 1]) inbox.deliveries[index]?.release();
    expect(texts(channel, inbox.queue)).toEqual(['1', '2', '3', '4', '5']);
  });

  test('leaves a turn to others while a handler keeps itself busy', async () => {
    const channel = await startedChannel();
    let count = 0;
    const inbox = await openInbox(channel, {
      onDelivery: (delivery) => {
        delivery.acknowledge();
        count += 1;
        if (count < 5000) void send(channel, inbox.queue, 'and again');
      },
    });
    await send(channel, inbox.queue, 'again');
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(count).toBeLessThan(5000);
    await eventually(() => expect(count).toBe(5000));
  });
});
