import { defineCommandHandler } from 'littoral';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AmqpEngine, AmqpEngineOptions } from '../../../../src/engine/amqp/amqp-engine.ts';
import type { AmqpConsumer } from '../../../../src/engine/amqp/consume/amqp-consumer.ts';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { post, runGateway } from '../../../flow/gateway-fixture.ts';
import { acknowledge, openInbox, send } from '../../engine-fixture.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';
import { openChannel } from '../open-channel.ts';
import { wayToBroker } from '../way-to-broker.ts';

const vhost = useVhost();
/** RabbitMQ 3.10 leaves a consumer of such a queue without deliveries in two of three cases. */
const rounds = 4;

async function startEngine(options: Partial<AmqpEngineOptions> = {}): Promise<AmqpEngine> {
  const engine = createAmqpEngine({ url: vhost.url, service: 'lost', topologyCheckMs: 200, ...options });
  onTestFinished(() => engine.close(1000));
  await engine.start();
  return engine;
}

/** Deletes a queue and declares it with the same arguments before its consumers can notice. */
async function replaceQueue(queue: string): Promise<void> {
  const found = (await vhost.queues()).find(({ name }) => name === queue);
  const channel = await openChannel(vhost.url);
  await Promise.all([
    channel.deleteQueue(queue),
    channel.assertQueue(queue, { durable: true, arguments: found?.arguments }),
  ]);
  await channel.close();
}

describe('a queue that another program deletes and declares again at once', () => {
  test.each([
    ['quorum', {}],
    ['classic', { queueType: 'classic' } as const],
  ])('is consumed again: %s', async (_, options) => {
    const inbox = await openInbox(await startEngine(options), { prefetch: 10, onDelivery: acknowledge });
    const sender = await startEngine();
    for (let round = 1; round <= rounds; round += 1) {
      await replaceQueue(inbox.queue);
      await send(sender, inbox.queue, `round ${round}`);
      await eventually(() => expect(inbox.texts()).toContain(`round ${round}`));
    }
  });

  test('is consumed again in its order', async () => {
    const inbox = await openInbox(await startEngine(), { ordered: true, onDelivery: acknowledge });
    const sender = await startEngine();
    for (let round = 1; round <= rounds; round += 1) {
      await replaceQueue(inbox.queue);
      for (const part of ['a', 'b', 'c']) await send(sender, inbox.queue, `${round}${part}`);
      const received = () => inbox.texts().filter((text) => text.startsWith(`${round}`));
      await eventually(() => expect([...new Set(received())]).toEqual([`${round}a`, `${round}b`, `${round}c`]));
    }
  });

  test('is consumed again by each of its consumers', async () => {
    const first = await openInbox(await startEngine(), { prefetch: 10, onDelivery: acknowledge });
    const { queue } = first;
    const second = await openInbox(await startEngine(), { queue, prefetch: 10, onDelivery: acknowledge });
    const sender = await startEngine();
    for (let round = 1; round <= rounds; round += 1) {
      await replaceQueue(queue);
      const counts = [first.deliveries.length, second.deliveries.length];
      let sent = 0;
      await eventually(async () => {
        await send(sender, queue, `round ${round}, ${++sent}`);
        expect(first.deliveries.length).toBeGreaterThan(counts[0] as number);
        expect(second.deliveries.length).toBeGreaterThan(counts[1] as number);
      });
      const received = () => [...first.texts(), ...second.texts()].filter((text) => text.startsWith(`round ${round},`));
      await eventually(() => expect(new Set(received()).size).toBe(sent));
    }
  });

  test('is consumed again if it holds the messages that are due', async () => {
    const handled: unknown[] = [];
    const handle = (payload: unknown) => void handled.push(payload);
    const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle })];
    const gateway = await runGateway({ service: 'due', broker: { url: vhost.url, topologyCheckMs: 200 }, handlers });
    const sendDelayed = async (payload: number) => {
      const sent = await post(gateway, '/commands/due/pay', payload, { 'message-delay': '1000' });
      expect(sent.status).toBe(202);
      await eventually(() => expect(handled).toContain(payload));
    };
    const boundQueues = async () => (await vhost.bindings()).map(({ destination }) => destination);
    await sendDelayed(0);
    for (let round = 1; round <= rounds; round += 1) {
      await replaceQueue('littoral_due_due');
      // RabbitMQ holds what is due before that for up to three minutes.
      await eventually(async () => expect(await boundQueues()).toContain('littoral_due_due'));
      await sendDelayed(round);
    }
  });
});

describe('a queue that is deleted during a suspension', () => {
  test('is declared again, and consumed at the end of the suspension', async () => {
    const engine = await startEngine();
    const inbox = await openInbox(engine, { suspended: true, onDelivery: acknowledge });
    await vhost.deleteQueue(inbox.queue);
    await eventually(async () => expect((await vhost.queues()).map(({ name }) => name)).toContain(inbox.queue));
    await eventually(() => expect(inbox.consumer.detached).toBeUndefined());
    await send(engine, inbox.queue, 'a');
    inbox.consumer.resume();
    await eventually(() => expect(inbox.texts()).toEqual(['a']));
  });
});

describe('a consumer whose channel loses its deliveries', () => {
  test('is replaced, and the messages are delivered to another channel', async () => {
    const way = await lossyWay();
    const inbox = await openInbox(await startEngine({ url: way.url }), { prefetch: 2, onDelivery: acknowledge });
    const sender = await startEngine();
    way.lose();
    const texts = ['a', 'b', 'c', 'd'];
    for (const text of texts) await send(sender, inbox.queue, text);
    await eventually(() => expect(inbox.texts().sort()).toEqual(texts));
    expect(way.hasLost()).toBe(true);
  });
});

describe('a consumer that receives nothing although messages wait', () => {
  const checks = [1, 2, 3];

  test('is kept if its prefetch is used up', async () => {
    const engine = await startEngine({ topologyCheckMs: 3_600_000 });
    const inbox = await openInbox(engine, { prefetch: 1 });
    for (const text of ['a', 'b', 'c']) await send(engine, inbox.queue, text);
    const held = await inbox.delivery(1);
    for (const _ of checks) {
      await (inbox.consumer as AmqpConsumer).verify();
      expect(inbox.consumer.detached).toBeUndefined();
    }
    expect(held.isLost).toBe(false);
    expect(inbox.texts()).toEqual(['a']);
  });

  test('is kept if only another consumer of an ordered queue may receive', async () => {
    const options = { ordered: true, prefetch: 1 };
    const active = await openInbox(await startEngine({ topologyCheckMs: 3_600_000 }), options);
    const engine = await startEngine({ topologyCheckMs: 3_600_000 });
    const waiting = await openInbox(engine, { ...options, queue: active.queue });
    for (const text of ['a', 'b', 'c']) await send(engine, active.queue, text);
    await active.delivery(1);
    for (const _ of checks) {
      await (waiting.consumer as AmqpConsumer).verify();
      expect(waiting.consumer.detached).toBeUndefined();
    }
    expect(waiting.texts()).toEqual([]);
  });
});

const closeOk = [20, 41] as const;
const deliver = [60, 60] as const;

function isMethod(frame: Buffer, [classId, methodId]: readonly [number, number]): boolean {
  return frame[0] === 1 && frame.readUInt16BE(7) === classId && frame.readUInt16BE(9) === methodId;
}

/** A proxy to the broker that loses all deliveries from a call of `lose` until their channel is closed. */
async function lossyWay() {
  let isLossy = false;
  /** The channels that have lost a delivery. */
  const channels = new Set<number>();
  const url = await wayToBroker(vhost.url, (client, broker) => {
    client.pipe(broker);
    let rest = Buffer.alloc(0);
    broker.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 7 && rest.length >= rest.readUInt32BE(3) + 8) {
        const frame = rest.subarray(0, rest.readUInt32BE(3) + 8);
        rest = rest.subarray(frame.length);
        const channel = frame.readUInt16BE(1);
        if (isLossy && isMethod(frame, deliver)) channels.add(channel);
        if (isMethod(frame, closeOk) && channels.has(channel)) isLossy = false;
        // After the method, a header and a body follow.
        const isLost = isLossy && channels.has(channel) && (frame[0] !== 1 || isMethod(frame, deliver));
        if (!isLost) client.write(frame);
      }
    });
  });
  const lose = () => {
    isLossy = true;
  };
  return { url, lose, hasLost: () => channels.size > 0 };
}
