import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AmqpEngine, AmqpEngineOptions } from '../../../../src/engine/amqp/amqp-engine.ts';
import type { AmqpConsumer } from '../../../../src/engine/amqp/consume/amqp-consumer.ts';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { messageOf, openInbox, openWideInbox, send, sendAll } from '../../engine-fixture.ts';
import { waitingTexts } from '../amqp-harness.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';
import { openChannel } from '../open-channel.ts';
import { wayToBroker } from '../way-to-broker.ts';

const vhost = useVhost();
const ten = Array.from({ length: 10 }, (_, index) => `${index}`);

async function openEngine(options: Partial<AmqpEngineOptions> = {}): Promise<AmqpEngine> {
  const engine = createAmqpEngine({ url: vhost.url, service: 'suspending', ...options });
  onTestFinished(() => engine.close(1000));
  await engine.start();
  return engine;
}

/** A way to the broker whose connections can be cut, and which can keep back what the broker sends. */
async function cuttableWay() {
  const cuts = new Set<() => void>();
  const cutAll = () => {
    for (const cut of cuts) cut();
  };
  const way = { url: '', isSilent: false, cut: cutAll };
  way.url = await wayToBroker(vhost.url, (client, broker) => {
    client.pipe(broker);
    broker.on('data', (bytes) => void (way.isSilent || client.write(bytes)));
    const cut = () => void client.destroy();
    cuts.add(cut);
    client.once('close', () => cuts.delete(cut));
  });
  return way;
}

describe('a suspended consumer', () => {
  test('attaches to a new connection without consuming, and its deliveries of the old one are lost', async () => {
    const way = await cuttableWay();
    const engine = await openEngine({ url: way.url });
    const inbox = await openWideInbox(engine, 3);
    await sendAll(engine, inbox.queue, ['1', '2', '3', '4']);
    const [first] = [await inbox.delivery(1), await inbox.delivery(3)];
    await inbox.consumer.suspend();
    expect(first.isLost).toBe(false);
    way.cut();
    await eventually(() => expect(inbox.deliveries.map(({ isLost }) => isLost)).toEqual([true, true, true]));
    first.acknowledge();
    await eventually(async () => expect(await inbox.consumer.waiting()).toBe(4));
    expect(inbox.consumer.detached).toBeUndefined();
    expect(inbox.texts()).toEqual(['1', '2', '3']);
    inbox.consumer.resume(4);
    await inbox.delivery(7);
    expect(inbox.texts().slice(3).toSorted()).toEqual(['1', '2', '3', '4']);
    expect(inbox.deliveries.slice(3).map(({ isLost }) => isLost)).toEqual([false, false, false, false]);
  });

  test('keeps its limit on a new connection', async () => {
    const way = await cuttableWay();
    const engine = await openEngine({ url: way.url });
    const inbox = await openInbox(engine, { prefetch: 7, suspended: true });
    await sendAll(engine, inbox.queue, ten);
    inbox.consumer.resume(2);
    await inbox.delivery(2);
    way.cut();
    await inbox.delivery(4);
    await eventually(async () => expect(await inbox.consumer.waiting()).toBe(8));
    expect(inbox.texts()).toHaveLength(4);
  });

  test('restores its queue, which was deleted, and does not consume it', async () => {
    const engine = await openEngine();
    const inbox = await openInbox(engine, { bindingKeys: ['order.paid'], suspended: true });
    const other = await openChannel(vhost.url);
    await other.deleteQueue(inbox.queue);
    await (inbox.consumer as AmqpConsumer).verify();
    expect(await engine.publish({ to: { bus: 'order.paid' }, message: messageOf('event') })).toEqual({ routed: true });
    expect(await other.checkQueue(inbox.queue)).toMatchObject({ consumerCount: 0 });
    expect(inbox.consumer.detached).toBeUndefined();
    inbox.consumer.resume();
    await inbox.delivery(1);
  });

  test('does not wait for a broker that is silent, and is suspended on the next connection', async () => {
    const way = await cuttableWay();
    const engine = await openEngine({ url: way.url, heartbeatSeconds: 1 });
    const inbox = await openWideInbox(engine, 3);
    way.isSilent = true;
    await inbox.consumer.suspend();
    way.isSilent = false;
    way.cut();
    const other = await openEngine();
    await eventually(async () => expect(await inbox.consumer.waiting()).toBe(0));
    await send(other, inbox.queue, 'waits');
    expect(await waitingTexts(vhost.url, inbox.queue)).toEqual(['waits']);
    expect(inbox.texts()).toEqual([]);
  });

  test.each(['quorum', 'classic'] as const)('returns ten messages to a %s queue in their order', async (queueType) => {
    const engine = await openEngine({ queueType });
    const inbox = await openInbox(engine, { prefetch: 10, suspended: true });
    await sendAll(engine, inbox.queue, [...ten, 'later']);
    inbox.consumer.resume(10);
    await inbox.delivery(10);
    await inbox.consumer.suspend();
    for (const index of [3, 9, 0, 5, 1, 8, 2, 7, 6, 4]) inbox.deliveries[index]?.release();
    await eventually(async () => expect(await waitingTexts(vhost.url, inbox.queue)).toEqual([...ten, 'later']));
  });

  test('is delivered no message after it has suspended, however many arrive', async () => {
    const engine = await openEngine();
    const sender = await openEngine();
    const inbox = await openInbox(engine, { prefetch: 20, onDelivery: (delivery) => delivery.acknowledge() });
    let isSending = true;
    let sent = 0;
    const sending = (async () => {
      while (isSending) {
        await Promise.all(ten.map((text) => send(sender, inbox.queue, text)));
        sent += ten.length;
      }
    })();
    for (let round = 0; round < 20; round++) {
      const before = inbox.deliveries.length;
      await eventually(() => expect(inbox.deliveries.length).toBeGreaterThan(before), { intervalMs: 1 });
      await inbox.consumer.suspend();
      const delivered = inbox.deliveries.length;
      for (let turns = 0; turns < 20; turns++) await turn();
      await inbox.consumer.waiting();
      expect(inbox.deliveries).toHaveLength(delivered);
      inbox.consumer.resume(1 + round);
    }
    isSending = false;
    await sending;
    await eventually(() => expect(inbox.deliveries).toHaveLength(sent));
  });
});
