import { expect, test } from 'vitest';
import type { Delivery } from '../../src/engine/delivery.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { QueueSpec } from '../../src/engine/publication.ts';
import { isLittoralError } from '../../src/errors.ts';
import { Header } from '../../src/message/message-headers.ts';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';
import { acknowledge, expectWaiting, messageOf, newName, openHarness, openInbox, textOf } from './engine-fixture.ts';

function delay(channel: Engine, queue: string, text: string, delayMs: number) {
  const to = { queue, deadLetterQueue: `${queue}_dead_letter` };
  return channel.publish({ to, message: messageOf(text), delayMs });
}

export function delayingContract(harness: () => Promise<EngineHarness>): void {
  test.each([1, 2, 3, 7, 50, 255, 777])('a message that is delayed by %i ms does not arrive early', async (delayMs) => {
    const { channel } = await openHarness(harness);
    let arrivedAtMs = 0;
    const arrive = (delivery: Delivery) => {
      arrivedAtMs = performance.now();
      delivery.acknowledge();
    };
    const inbox = await openInbox(channel, { onDelivery: arrive });
    const sentAtMs = performance.now();
    expect(await delay(channel, inbox.queue, 'later', delayMs)).toEqual({ routed: true });
    expect(textOf((await inbox.delivery(1)).message)).toBe('later');
    expect(arrivedAtMs - sentAtMs).toBeGreaterThanOrEqual(delayMs);
  });

  test('a delayed message arrives as it was published', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    const message = messageOf(Buffer.from([0, 0xff, 0xc3, 0x28]), {
      executorId: '7',
      attempt: 3,
      fraction: 1.5,
      yes: true,
    });
    const { queue, deadLetterQueue } = inbox;
    await channel.publish({ to: { queue, deadLetterQueue }, message, delayMs: 13 });
    const delivery = await inbox.delivery(1);
    expect(delivery).toMatchObject({ viaBus: false, routingKey: queue, redelivered: false });
    const names = Object.keys(delivery.message.headers).filter((name) => delivery.message.headers[name] !== undefined);
    expect(names.filter((name) => name !== Header.correlationId).sort()).toEqual(Object.keys(message.headers).sort());
    expect(delivery.message.headers).toMatchObject({ ...message.headers });
    expect(Buffer.from(delivery.message.body).toString('hex')).toBe('00ffc328');
  });

  test('messages with the same delay keep their order', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel, { onDelivery: acknowledge });
    const texts = Array.from({ length: 200 }, (_, index) => `${index}`);
    await Promise.all(texts.map((text) => delay(channel, inbox.queue, text, 300)));
    await eventually(() => expect(inbox.texts()).toHaveLength(texts.length));
    expect(inbox.texts()).toEqual(texts);
  });

  test('a short delay does not wait behind a long one', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel, { onDelivery: acknowledge });
    const delaysMs = [3_600_000, 2500, 1500, 50];
    await Promise.all(delaysMs.map((delayMs) => delay(channel, inbox.queue, `in ${delayMs} ms`, delayMs)));
    await eventually(() => expect([...inbox.texts()].sort()).toEqual(['in 1500 ms', 'in 2500 ms', 'in 50 ms']));
  });

  test('a delayed message is delivered to a queue that was not declared before', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const queue = newName();
    await delay(channel, queue, 'waiting', 20);
    await expectWaiting(harnessed, queue, ['waiting']);
    const inbox = await openInbox(channel, { queue });
    expect(textOf((await inbox.delivery(1)).message)).toBe('waiting');
  });

  test('a message can be delayed again and again, whatever a broker has noted on it', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    const { queue, deadLetterQueue } = inbox;
    const to: QueueSpec = { queue, deadLetterQueue };
    const noted = {
      'x-death': [{ queue, reason: 'expired', count: 1 }],
      'x-first-death-queue': queue,
      CC: [newName()],
    };
    await channel.publish({ to, message: messageOf('again', noted), delayMs: 20 });
    for (const ordinal of [1, 2, 3]) {
      const delivery = await inbox.delivery(ordinal);
      const { headers } = delivery.message;
      expect([headers['x-death'], headers['x-first-death-queue'], headers.CC]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      await channel.publish({ to, message: delivery.message, delayMs: 20 });
      delivery.acknowledge();
    }
  });

  test('a delayed message that is rejected becomes a dead letter without a trace of the delay', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openInbox(channel);
    await delay(channel, inbox.queue, 'refused', 20);
    (await inbox.delivery(1)).reject();
    await expectWaiting(harnessed, inbox.deadLetterQueue, ['refused']);
    const [dead] = await harnessed.messages(inbox.deadLetterQueue);
    expect(dead?.headers['x-death']).toEqual([expect.objectContaining({ queue: inbox.queue, reason: 'rejected' })]);
  });

  test('what is delayed after closing is refused, and surely not accepted', async () => {
    const { channel } = await openHarness(harness);
    await channel.close(1000);
    const error = await delay(channel, newName(), 'too late', 20).catch((reason: unknown) => reason);
    expect(isLittoralError(error)).toBe(true);
    expect(error).toMatchObject({ outcome: 'not-accepted', retryable: true });
  });
}
