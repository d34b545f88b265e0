import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../src/engine/delivery.ts';
import type { EngineFeatures } from '../../src/engine/engine.ts';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';
import {
  acknowledge,
  expectWaiting,
  type Inbox,
  newName,
  openHarness,
  openInbox,
  openWideInbox,
  publishOnBus,
  send,
  sendAll,
} from './engine-fixture.ts';

const ten = Array.from({ length: 10 }, (_, index) => `${index}`);

/** Waits for exactly these. What the broker has sent before it counts has arrived when it answers. */
async function expectDelivered({ consumer, texts }: Inbox, expected: string[]): Promise<void> {
  await eventually(() => expect(texts()).toEqual(expected));
  await consumer.waiting();
  expect(texts()).toEqual(expected);
}

/** Tests suspension, on demand and from the start, and exact limits. */
export function suspendingContract(harness: () => Promise<EngineHarness>, { order }: EngineFeatures): void {
  describe('a consumer that is suspended from the start', () => {
    test('declares its queue and bindings, and delivers after resume what was published meanwhile', async () => {
      const harnessed = await openHarness(harness);
      const { channel } = harnessed;
      const key = newName();
      const inbox = await openInbox(channel, { bindingKeys: [key], suspended: true, onDelivery: acknowledge });
      expect(await publishOnBus(channel, key, 'event')).toEqual({ routed: true });
      await send(channel, inbox.queue, 'command');
      await expectWaiting(harnessed, inbox.queue, ['event', 'command']);
      expect(inbox.texts()).toEqual([]);
      expect(inbox.consumer.detached).toBeUndefined();
      // The browser that looked at them requeues them while it closes.
      await eventually(async () => expect(await inbox.consumer.waiting()).toBe(2));
      inbox.consumer.resume();
      await eventually(() => expect(inbox.texts()).toEqual(['event', 'command']));
      await expectWaiting(harnessed, inbox.queue, []);
    });

    test('is subscribed without one, and suspended or resumed at once, as the last call says', async () => {
      const { channel } = await openHarness(harness);
      const subscribe = async (suspended: boolean) => {
        const queue = newName();
        const texts: string[] = [];
        const onDelivery = (delivery: Delivery) => {
          texts.push(Buffer.from(delivery.message.body).toString());
          delivery.acknowledge();
        };
        const spec = { queue, deadLetterQueue: `${queue}_dead_letter`, bindingKeys: [], prefetch: 2, onDelivery };
        const consumer = channel.subscribe({ ...spec, suspended });
        return { queue, texts, consumer };
      };
      const suspended = await subscribe(false);
      await suspended.consumer.suspend();
      const resumed = await subscribe(true);
      resumed.consumer.resume(1);
      for (const { consumer } of [suspended, resumed])
        await eventually(() => expect(consumer.detached).toBeUndefined());
      await send(channel, suspended.queue, 'waits');
      await send(channel, resumed.queue, 'arrives');
      await eventually(() => expect(resumed.texts).toEqual(['arrives']));
      expect(await suspended.consumer.waiting()).toBe(1);
      expect(suspended.texts).toEqual([]);
    });
  });

  describe('a consumer that suspends', () => {
    test('takes no more, and can be suspended again', async () => {
      const harnessed = await openHarness(harness);
      const { channel } = harnessed;
      const inbox = await openWideInbox(channel, 3);
      await Promise.all([inbox.consumer.suspend(), inbox.consumer.suspend()]);
      await inbox.consumer.suspend();
      await sendAll(channel, inbox.queue, ['1', '2']);
      await expectWaiting(harnessed, inbox.queue, ['1', '2']);
      expect(inbox.texts()).toEqual([]);
      expect(inbox.consumer.detached).toBeUndefined();
      inbox.consumer.resume();
      await inbox.delivery(2);
    });

    test('can acknowledge, release and reject what is unacknowledged', async () => {
      const harnessed = await openHarness(harness);
      const { channel } = harnessed;
      const inbox = await openWideInbox(channel, 3);
      await sendAll(channel, inbox.queue, ['done', 'released', 'rejected', 'waits']);
      await inbox.delivery(3);
      await inbox.consumer.suspend();
      inbox.deliveries[0]?.acknowledge();
      inbox.deliveries[1]?.release();
      inbox.deliveries[2]?.reject();
      await expectWaiting(harnessed, inbox.queue, ['released', 'waits']);
      await expectWaiting(harnessed, inbox.deadLetterQueue, ['rejected']);
      expect(inbox.texts()).toEqual(['done', 'released', 'rejected']);
    });

    test.runIf(order === 'queue')('returns released messages in their original order, ahead of others', async () => {
      const harnessed = await openHarness(harness);
      const { channel } = harnessed;
      const inbox = await openWideInbox(channel, ten.length);
      await sendAll(channel, inbox.queue, [...ten, 'later']);
      await inbox.delivery(ten.length);
      await inbox.consumer.suspend();
      for (const index of [3, 9, 0, 5, 1, 8, 2, 7, 6, 4]) inbox.deliveries[index]?.release();
      await eventually(async () => expect(await inbox.consumer.waiting()).toBe(11));
      (inbox.deliveries as Delivery[]).length = 0;
      inbox.consumer.resume(ten.length + 1);
      await expectDelivered(inbox, [...ten, 'later']);
    });

    test.runIf(order === 'queue')('returns what is released at its resume ahead of others', async () => {
      const { channel } = await openHarness(harness);
      const inbox = await openWideInbox(channel, 3);
      await sendAll(channel, inbox.queue, ['1', '2', '3', '4']);
      await inbox.delivery(3);
      await inbox.consumer.suspend();
      inbox.deliveries[2]?.release();
      inbox.deliveries[1]?.release();
      inbox.consumer.resume(3);
      await expectDelivered(inbox, ['1', '2', '3', '2', '3']);
      inbox.deliveries[0]?.acknowledge();
      await expectDelivered(inbox, ['1', '2', '3', '2', '3', '4']);
    });

    test('does not pause, and ends a pause', async () => {
      const { channel } = await openHarness(harness);
      const inbox = await openWideInbox(channel, 3);
      if (inbox.consumer.pause === undefined) return;
      expect(await inbox.consumer.pause(1)).toBe(true);
      await inbox.consumer.suspend();
      expect(await inbox.consumer.pause(1)).toBe(false);
      await send(channel, inbox.queue, 'waits');
      await eventually(async () => expect(await inbox.consumer.waiting()).toBe(1));
      expect(inbox.texts()).toEqual([]);
      inbox.consumer.resume();
      await inbox.delivery(1);
    });

    test('stops for good', async () => {
      const harnessed = await openHarness(harness);
      const { channel } = harnessed;
      const inbox = await openWideInbox(channel, 3);
      await sendAll(channel, inbox.queue, ['1', '2']);
      await inbox.delivery(2);
      await inbox.consumer.suspend();
      await inbox.consumer.stop();
      expect(inbox.consumer.detached).toEqual(expect.any(String));
      inbox.consumer.resume();
      await inbox.consumer.suspend();
      for (const delivery of inbox.deliveries) delivery.release();
      await expectWaiting(harnessed, inbox.queue, ['1', '2']);
      expect(inbox.texts()).toEqual(['1', '2']);
    });

    test('counts the other consumers of its queue, and is not counted', async () => {
      const harnessed = await openHarness(harness);
      const { channel } = harnessed;
      const { queue, consumer } = await openWideInbox(channel, 5);
      const rival = (await harnessed.another?.()) ?? channel;
      const others = [await openInbox(rival, { queue }), await openInbox(rival, { queue })];
      await consumer.suspend();
      expect(await consumer.otherConsumers()).toBe(2);
      expect(await others[0]?.consumer.otherConsumers()).toBe(1);
      consumer.resume();
      await eventually(async () => expect(await consumer.otherConsumers()).toBe(2));
    });

    test('receives extra deliveries once it is resumed', async () => {
      const { channel } = await openHarness(harness);
      const inbox = await openWideInbox(channel, 2);
      await inbox.consumer.suspend();
      await sendAll(channel, inbox.queue, ten);
      inbox.consumer.allowExtra(2);
      expect(await inbox.consumer.waiting()).toBe(ten.length);
      inbox.consumer.resume();
      await expectDelivered(inbox, ten.slice(0, 4));
      await inbox.consumer.suspend();
      inbox.consumer.resume();
      await expectDelivered(inbox, ten.slice(0, 4));
      inbox.deliveries[0]?.acknowledge();
      await expectDelivered(inbox, ten.slice(0, 5));
    });
  });

  describe('a consumer that resumes', () => {
    test.each([1, 3, 10])('delivers exactly that many with a limit of %i, again and again', async (limit) => {
      const { channel } = await openHarness(harness);
      const inbox = await openInbox(channel, { prefetch: 5, suspended: true });
      const texts = Array.from({ length: 4 * limit }, (_, index) => `${index}`);
      await sendAll(channel, inbox.queue, texts);
      for (let delivered = limit; delivered < texts.length; delivered += limit) {
        inbox.consumer.resume(limit);
        await expectDelivered(inbox, texts.slice(0, delivered));
        await inbox.consumer.suspend();
        for (const delivery of inbox.deliveries) delivery.acknowledge();
        expect(await inbox.consumer.waiting()).toBe(texts.length - delivered);
      }
      inbox.consumer.resume(limit);
      await expectDelivered(inbox, texts);
    });

    test('counts what is unacknowledged from before', async () => {
      const { channel } = await openHarness(harness);
      const inbox = await openWideInbox(channel, 4);
      await sendAll(channel, inbox.queue, ten);
      await inbox.delivery(4);
      await inbox.consumer.suspend();
      inbox.consumer.resume(5);
      await expectDelivered(inbox, ten.slice(0, 5));
      await inbox.consumer.suspend();
      inbox.consumer.resume(2);
      await expectDelivered(inbox, ten.slice(0, 5));
      for (const delivery of inbox.deliveries.slice(0, 3)) delivery.acknowledge();
      await expectDelivered(inbox, ten.slice(0, 5));
      inbox.deliveries[4]?.acknowledge();
      await expectDelivered(inbox, ten.slice(0, 6));
      inbox.deliveries[3]?.acknowledge();
      await expectDelivered(inbox, ten.slice(0, 7));
      inbox.deliveries[5]?.acknowledge();
      await expectDelivered(inbox, ten.slice(0, 8));
    });

    test('changes its limit while it consumes', async () => {
      const { channel } = await openHarness(harness);
      const inbox = await openWideInbox(channel, 2);
      const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
      await sendAll(channel, inbox.queue, texts);
      await expectDelivered(inbox, texts.slice(0, 2));
      inbox.consumer.resume(6);
      inbox.consumer.resume(6);
      await expectDelivered(inbox, texts.slice(0, 6));
      inbox.consumer.resume(3);
      await inbox.consumer.waiting();
      inbox.deliveries.slice(0, 3).forEach(acknowledge);
      await expectDelivered(inbox, texts.slice(0, 6));
      inbox.deliveries.slice(3, 6).forEach(acknowledge);
      await expectDelivered(inbox, texts.slice(0, 9));
      inbox.consumer.resume();
      inbox.deliveries.slice(6, 9).forEach(acknowledge);
      await expectDelivered(inbox, texts.slice(0, 11));
    });
  });

  describe('a delivery', () => {
    test('is lost once its engine is closed, and not before', async () => {
      const { channel } = await openHarness(harness);
      const inbox = await openWideInbox(channel, 2);
      await sendAll(channel, inbox.queue, ['acknowledged', 'unacknowledged']);
      await inbox.delivery(2);
      inbox.deliveries[0]?.acknowledge();
      await inbox.consumer.suspend();
      await inbox.consumer.stop();
      expect(inbox.deliveries.map(({ isLost }) => isLost)).toEqual([false, false]);
      await channel.close(20);
      expect(inbox.deliveries[1]?.isLost).toBe(true);
    });
  });
}
