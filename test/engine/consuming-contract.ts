import { expect, test } from 'vitest';
import type { Consumer, Delivery } from '../../src/engine/delivery.ts';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';
import {
  acknowledge,
  expectWaiting,
  messageOf,
  openHarness,
  openInbox,
  openQueue,
  openWideInbox,
  send,
  sendAll,
  textOf,
} from './engine-fixture.ts';

export function consumingContract(harness: () => Promise<EngineHarness>): void {
  test('as many deliveries as the prefetch are unacknowledged at once, and never more', async () => {
    const { channel } = await openHarness(harness);
    let mostUnacknowledged = 0;
    const unacknowledged = new Set<Delivery>();
    const inbox = await openInbox(channel, {
      prefetch: 3,
      onDelivery: (delivery) => {
        unacknowledged.add(delivery);
        mostUnacknowledged = Math.max(mostUnacknowledged, unacknowledged.size);
      },
    });
    const settleOne = () => {
      for (const delivery of unacknowledged) {
        unacknowledged.delete(delivery);
        delivery.acknowledge();
        return;
      }
    };
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    await sendAll(channel, inbox.queue, texts);
    await inbox.delivery(1);
    settleOne();
    await eventually(() => expect(unacknowledged.size).toBe(3));
    for (let settled = 1; settled < texts.length; settled++) {
      await eventually(() => expect(unacknowledged.size).toBe(Math.min(3, texts.length - settled)));
      settleOne();
    }
    expect(inbox.texts()).toEqual(texts);
    expect(mostUnacknowledged).toBe(3);
  });

  test('extra deliveries are taken beyond held ones, until the extra count is 0', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openWideInbox(channel, 2);
    const texts = Array.from({ length: 12 }, (_, index) => `${index}`);
    await sendAll(channel, inbox.queue, texts);
    await eventually(() => expect(inbox.texts()).toEqual(texts.slice(0, 2)));
    inbox.consumer.allowExtra(2);
    await eventually(() => expect(inbox.texts()).toEqual(texts.slice(0, 4)));
    inbox.consumer.allowExtra(0);
    // The broker answers in order: its last deliveries to the cancelled consumers have arrived before.
    await inbox.consumer.waiting();
    for (const delivery of inbox.deliveries.slice(0, 4)) delivery.acknowledge();
    await eventually(() => expect(inbox.texts()).toEqual(texts.slice(0, 6)));
    inbox.consumer.allowExtra(4);
    await eventually(() => expect(inbox.texts()).toEqual(texts.slice(0, 10)));
    await inbox.consumer.stop();
    for (const delivery of inbox.deliveries) delivery.acknowledge();
    await expectWaiting(harnessed, inbox.queue, texts.slice(10));
  });

  test('two consumers of a queue compete: each gets some, and every message is handled once', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    let settling = false;
    const held: Delivery[] = [];
    const onDelivery = (delivery: Delivery) => {
      if (settling) delivery.acknowledge();
      else held.push(delivery);
    };
    const first = await openInbox(channel, { onDelivery });
    const rival = (await harnessed.another?.()) ?? channel;
    const second = await openInbox(rival, { queue: first.queue, onDelivery });
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    await sendAll(channel, first.queue, texts);
    await eventually(() => expect([first.texts().length, second.texts().length]).toEqual([1, 1]));
    settling = true;
    held.forEach(acknowledge);
    await eventually(() => expect([...first.texts(), ...second.texts()]).toHaveLength(texts.length));
    expect([...first.texts(), ...second.texts()].sort()).toEqual(texts.sort());
    await expectWaiting(harnessed, first.queue, []);
  });

  test('a consumer that has stopped takes no more', async () => {
    const { channel } = await openHarness(harness);
    const stopped = await openInbox(channel, { onDelivery: acknowledge });
    await send(channel, stopped.queue, 'before');
    await eventually(() => expect(stopped.texts()).toEqual(['before']));
    await stopped.consumer.stop();
    expect(stopped.consumer.detached).toEqual(expect.any(String));
    await send(channel, stopped.queue, 'after');
    const next = await openInbox(channel, { queue: stopped.queue });
    expect(textOf((await next.delivery(1)).message)).toBe('after');
    expect(stopped.texts()).toEqual(['before']);
  });

  test('an unacknowledged delivery of a stopped consumer can still be acknowledged', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const stopped = await openInbox(channel);
    await send(channel, stopped.queue, 'in hand');
    const delivery = await stopped.delivery(1);
    await stopped.consumer.stop();
    delivery.acknowledge();
    await send(channel, stopped.queue, 'next');
    const next = await openInbox(channel, { queue: stopped.queue });
    expect(textOf((await next.delivery(1)).message)).toBe('next');
    next.deliveries.forEach(acknowledge);
    await expectWaiting(harnessed, stopped.queue, []);
  });

  test('an unacknowledged delivery of a stopped consumer can still be released', async () => {
    const { channel } = await openHarness(harness);
    const stopped = await openInbox(channel);
    await send(channel, stopped.queue, 'in hand');
    const delivery = await stopped.delivery(1);
    await stopped.consumer.stop();
    delivery.release();
    const next = await openInbox(channel, { queue: stopped.queue });
    expect(textOf((await next.delivery(1)).message)).toBe('in hand');
  });

  test('a consumer counts what waits in its queue, without unacknowledged messages', async () => {
    const { channel } = await openHarness(harness);
    const { queue, consumer, ...inbox } = await openInbox(channel);
    expect(await consumer.waiting()).toBe(0);
    await sendAll(channel, queue, ['in hand', 'waits', 'waits too']);
    const first = await inbox.delivery(1);
    await eventually(async () => expect(await consumer.waiting()).toBe(2));
    first.release();
    await inbox.delivery(2);
    await eventually(async () => expect(await consumer.waiting()).toBe(2));
    for (const ordinal of [2, 3, 4]) (await inbox.delivery(ordinal)).acknowledge();
    await eventually(async () => expect(await consumer.waiting()).toBe(0));
    await consumer.stop();
    expect(await consumer.waiting()).toBeUndefined();
  });

  test('a consumer counts the other consumers of its queue, whatever its own prefetch', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const { queue, consumer } = await openWideInbox(channel, 5);
    expect(await consumer.otherConsumers()).toBe(0);
    const rival = (await harnessed.another?.()) ?? channel;
    const others = [await openInbox(rival, { queue }), await openInbox(rival, { queue })];
    expect(await consumer.otherConsumers()).toBe(2);
    expect(await others[0]?.consumer.otherConsumers()).toBeGreaterThanOrEqual(2);
    await others[0]?.consumer.stop();
    await eventually(async () => expect(await consumer.otherConsumers()).toBe(1));
    await consumer.stop();
    expect(await consumer.otherConsumers()).toBeUndefined();
  });

  test('a consumer knows at its first delivery that it is the only one', async () => {
    const { channel } = await openHarness(harness);
    const { queue } = await openQueue(channel);
    await send(channel, queue, 'waits');
    const counted: Promise<number | undefined>[] = [];
    const consumer: Consumer = channel.subscribe({
      queue,
      deadLetterQueue: `${queue}_dead_letter`,
      bindingKeys: [],
      prefetch: 5,
      onDelivery: () => void counted.push(Promise.resolve().then(() => consumer.otherConsumers())),
    });
    await eventually(() => expect(counted).toHaveLength(1));
    expect(await counted[0]).toBe(0);
  });

  test('stopping twice is harmless', async () => {
    const { channel } = await openHarness(harness);
    const { consumer } = await openInbox(channel);
    await consumer.stop();
    await consumer.stop();
  });

  test('a message that expires is not delivered and lands in the dead letter queue', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openInbox(channel);
    await send(channel, inbox.queue, 'in hand');
    const unacknowledged = await inbox.delivery(1);
    const message = messageOf('too late', { executorId: '7' });
    await channel.publish({ to: { queue: inbox.queue }, message, timeToLiveMs: 50 });
    await expectWaiting(harnessed, inbox.deadLetterQueue, ['too late']);
    const [dead] = await harnessed.messages(inbox.deadLetterQueue);
    expect(dead?.headers).toMatchObject({
      executorId: '7',
      'x-death': [{ reason: 'expired', queue: inbox.queue, count: 1 }],
      'x-first-death-reason': 'expired',
      'x-first-death-queue': inbox.queue,
    });
    await send(channel, inbox.queue, 'in time');
    unacknowledged.acknowledge();
    expect(textOf((await inbox.delivery(2)).message)).toBe('in time');
  });

  test('a message with time left is delivered', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    const to = { queue: inbox.queue };
    await channel.publish({ to, message: messageOf('a minute'), timeToLiveMs: 60_000 });
    (await inbox.delivery(1)).acknowledge();
    await channel.publish({ to, message: messageOf('the longest time'), timeToLiveMs: 4_294_967_295 });
    (await inbox.delivery(2)).acknowledge();
    expect(inbox.texts()).toEqual(['a minute', 'the longest time']);
  });
}
