import { expect, test } from 'vitest';
import type { Delivery } from '../../src/engine/delivery.ts';
import { Header } from '../../src/message/message-headers.ts';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';
import { expectWaiting, messageOf, newName, openHarness, openInbox, send, sendAll, textOf } from './engine-fixture.ts';

export function settlingContract(harness: () => Promise<EngineHarness>): void {
  test('an acknowledged message leaves the queue', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openInbox(channel);
    await send(channel, inbox.queue, 'done');
    (await inbox.delivery(1)).acknowledge();
    await inbox.consumer.stop();
    await expectWaiting(harnessed, inbox.queue, []);
    await expectWaiting(harnessed, inbox.deadLetterQueue, []);
  });

  test('a released message is redelivered as it was sent', async () => {
    const { channel } = await openHarness(harness);
    const key = newName();
    const inbox = await openInbox(channel, { bindingKeys: [key] });
    const message = messageOf('as sent', { executorId: '7', attempt: 3 });
    await channel.publish({ to: { bus: key }, message });
    (await inbox.delivery(1)).release();
    const again = await inbox.delivery(2);
    expect(again).toMatchObject({ routingKey: key, viaBus: true });
    expect(again.message.headers).toMatchObject({ ...message.headers });
    expect(textOf(again.message)).toBe('as sent');
  });

  test('a delivery counts how often its message was returned to the queue, as its header does', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    await send(channel, inbox.queue, 'again and again');
    for (let ordinal = 1; ordinal <= 3; ordinal++) (await inbox.delivery(ordinal)).release();
    const delivery = await inbox.delivery(4);
    delivery.acknowledge();
    const counts = inbox.deliveries.map(({ message }) => message.headers[Header.deliveryCount]);
    expect(counts).toEqual([undefined, 1, 2, 3]);
    expect(inbox.deliveries.map(({ deliveryCount }) => deliveryCount)).toEqual([0, 1, 2, 3]);
  });

  test('a message that is requeued too often becomes a dead letter, and its neighbours are delivered', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const handled: string[] = [];
    const releasePoison = (delivery: Delivery) => {
      const text = textOf(delivery.message);
      if (text === 'poison') return delivery.release();
      handled.push(text);
      delivery.acknowledge();
    };
    const inbox = await openInbox(channel, { prefetch: 2, onDelivery: releasePoison });
    await sendAll(channel, inbox.queue, ['before', 'poison', 'after', 'long after']);
    await expectWaiting(harnessed, inbox.deadLetterQueue, ['poison']);
    await eventually(() => expect(handled).toEqual(['before', 'after', 'long after']));
    const [dead] = await harnessed.messages(inbox.deadLetterQueue);
    expect(dead?.headers).toMatchObject({ 'x-death': [{ reason: 'delivery_limit', queue: inbox.queue }] });
  });

  test('a rejected message becomes a dead letter with its body and headers', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openInbox(channel);
    const message = messageOf(Buffer.from([0, 0xff, 0xc3, 0x28]), { executorId: '7', attempt: 3 });
    await channel.publish({ to: { queue: inbox.queue }, message });
    (await inbox.delivery(1)).reject();
    await eventually(async () => expect(await harnessed.messages(inbox.deadLetterQueue)).toHaveLength(1));
    const [dead] = await harnessed.messages(inbox.deadLetterQueue);
    expect(Buffer.from(dead?.body ?? []).toString('hex')).toBe('00ffc328');
    expect(dead?.headers).toMatchObject({
      ...message.headers,
      'x-death': [{ reason: 'rejected', queue: inbox.queue }],
      'x-first-death-reason': 'rejected',
    });
    await inbox.consumer.stop();
    await expectWaiting(harnessed, inbox.queue, []);
  });

  test('a dead letter does not expire', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openInbox(channel);
    const to = { queue: inbox.queue };
    await channel.publish({ to, message: messageOf('rejected'), timeToLiveMs: 60_000 });
    (await inbox.delivery(1)).reject();
    await expectWaiting(harnessed, inbox.deadLetterQueue, ['rejected']);
    await send(channel, inbox.queue, 'in hand');
    await inbox.delivery(2);
    await channel.publish({ to, message: messageOf('expired'), timeToLiveMs: 20 });
    await expectWaiting(harnessed, inbox.deadLetterQueue, ['rejected', 'expired']);
    await channel.publish({ to, message: messageOf('expired later'), timeToLiveMs: 100 });
    await expectWaiting(harnessed, inbox.deadLetterQueue, ['rejected', 'expired', 'expired later']);
  });

  test('settling twice is harmless: the first counts', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openInbox(channel);
    await sendAll(channel, inbox.queue, ['1', '2']);
    const first = await inbox.delivery(1);
    first.acknowledge();
    first.acknowledge();
    first.release();
    first.reject();
    const second = await inbox.delivery(2);
    second.release();
    second.acknowledge();
    const third = await inbox.delivery(3);
    second.reject();
    third.acknowledge();
    await send(channel, inbox.queue, '3');
    (await inbox.delivery(4)).acknowledge();
    expect(inbox.texts()).toEqual(['1', '2', '2', '3']);
    await expectWaiting(harnessed, inbox.deadLetterQueue, []);
  });
}
