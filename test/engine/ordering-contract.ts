import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';
import {
  acknowledge,
  expectWaiting,
  messageOf,
  newName,
  openHarness,
  openInbox,
  openQueue,
  openWideInbox,
  publishOnBus,
  sendAll,
  textOf,
} from './engine-fixture.ts';

/** For engines with `order: queue`. */
export function orderingContract(harness: () => Promise<EngineHarness>): void {
  test('what is published to a queue without a consumer waits there in order', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const key = newName();
    const { queue } = await openQueue(channel, [key]);
    await publishOnBus(channel, key, '1');
    await sendAll(channel, queue, ['2', '3']);
    await expectWaiting(harnessed, queue, ['1', '2', '3']);
    const inbox = await openInbox(channel, { queue, onDelivery: acknowledge });
    await eventually(() => expect(inbox.texts()).toEqual(['1', '2', '3']));
  });

  test('a released message is redelivered before later ones, and marked as redelivered', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openInbox(channel);
    await sendAll(channel, inbox.queue, ['1', '2', '3']);
    const first = await inbox.delivery(1);
    expect(first.redelivered).toBe(false);
    first.release();
    const again = await inbox.delivery(2);
    expect(again.redelivered).toBe(true);
    again.acknowledge();
    (await inbox.delivery(3)).acknowledge();
    (await inbox.delivery(4)).acknowledge();
    expect(inbox.texts()).toEqual(['1', '1', '2', '3']);
    expect(inbox.deliveries.map(({ redelivered }) => redelivered)).toEqual([false, true, false, false]);
  });

  test('several released messages keep their order', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openWideInbox(channel, 3);
    await sendAll(channel, inbox.queue, ['1', '2', '3', '4', '5']);
    await inbox.delivery(3);
    for (const delivery of inbox.deliveries.slice(0, 3)) delivery.release();
    for (let ordinal = 4; ordinal <= 8; ordinal++) (await inbox.delivery(ordinal)).acknowledge();
    expect(inbox.texts()).toEqual(['1', '2', '3', '1', '2', '3', '4', '5']);
  });

  test('a released message is redelivered before others that wait, while some are still unacknowledged', async () => {
    const { channel } = await openHarness(harness);
    const inbox = await openWideInbox(channel, 3);
    await sendAll(channel, inbox.queue, ['1', '2', '3', '4']);
    await inbox.delivery(3);
    (await inbox.delivery(2)).release();
    expect(textOf((await inbox.delivery(4)).message)).toBe('2');
    inbox.deliveries.forEach(acknowledge);
    expect(textOf((await inbox.delivery(5)).message)).toBe('4');
  });

  test('closing requeues in order what was not settled by the deadline', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const rival = await harnessed.another?.();
    const inbox = await openWideInbox(channel, 3);
    await sendAll(channel, inbox.queue, ['1', '2', '3', '4']);
    await inbox.delivery(3);
    await channel.close(20);
    if (rival === undefined) {
      await expectWaiting(harnessed, inbox.queue, ['1', '2', '3', '4']);
    } else {
      const next = await openInbox(rival, { queue: inbox.queue, onDelivery: acknowledge });
      await eventually(() => expect(next.texts()).toEqual(['1', '2', '3', '4']));
    }
  });

  test('of the consumers of an ordered queue one receives, and another takes over from it', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const rival = (await harnessed.another?.()) ?? channel;
    const first = await openInbox(channel, { ordered: true, onDelivery: acknowledge });
    const second = await openInbox(rival, { queue: first.queue, ordered: true, onDelivery: acknowledge });
    for (const text of ['1', '2', '3', '4'])
      await channel.publish({ to: { queue: first.queue }, message: messageOf(text) });
    await eventually(() => expect(first.texts()).toEqual(['1', '2', '3', '4']));
    expect(second.texts()).toEqual([]);
    await first.consumer.stop();
    await channel.publish({ to: { queue: first.queue }, message: messageOf('5') });
    await eventually(() => expect(second.texts()).toEqual(['5']));
  });
}
