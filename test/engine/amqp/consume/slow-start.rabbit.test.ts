import { expect, onTestFinished, test } from 'vitest';
import type { Delivery } from '../../../../src/engine/delivery.ts';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { messageOf, openHarness, openInbox, textOf } from '../../engine-fixture.ts';
import { amqpHarness } from '../amqp-harness.ts';

const vhost = useVhost();

let queues = 0;

/** A consumer of ten at a time, and what it has in hand. */
async function consume(queue = `cautious${++queues}`) {
  const { channel } = await amqpHarness(vhost.url);
  onTestFinished(() => channel.close(0));
  const unacknowledged: Delivery[] = [];
  await openInbox(channel, { queue, prefetch: 10, onDelivery: (delivery) => void unacknowledged.push(delivery) });
  const send = async (...texts: string[]) => {
    for (const text of texts) await channel.publish({ to: { queue }, message: messageOf(text) });
  };
  return { queue, channel, unacknowledged, send, texts: () => unacknowledged.map(({ message }) => textOf(message)) };
}

const twenty = Array.from({ length: 20 }, (_, index) => `${index}`);

test('a message that is new holds up no other, even if it is the first', async () => {
  const { send, unacknowledged, texts } = await consume();
  await send(...twenty);
  await eventually(() => expect(unacknowledged).toHaveLength(10));
  expect([...texts()].sort()).toEqual(twenty.slice(0, 10).sort());
});

test('never more are unacknowledged than the prefetch allows', async () => {
  const { send, unacknowledged } = await consume();
  await send(...twenty, ...twenty);
  await eventually(() => expect(unacknowledged).toHaveLength(10));
  for (let settled = 0; settled < 30; settled++) {
    unacknowledged[settled]?.acknowledge();
    await eventually(() => expect(unacknowledged).toHaveLength(11 + settled));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(unacknowledged).toHaveLength(40);
});

test('a message that was delivered before is held alone, as long as it might do harm', async () => {
  const first = await consume();
  await first.send('suspicious');
  await eventually(() => expect(first.unacknowledged).toHaveLength(1));
  // As a process that is killed.
  await first.channel.close(0);
  const { channel } = await openHarness(() => amqpHarness(vhost.url));
  for (const text of twenty) await channel.publish({ to: { queue: first.queue }, message: messageOf(text) });
  const second = await consume(first.queue);
  await eventually(() => expect(second.texts()).toEqual(['suspicious']));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(second.texts()).toEqual(['suspicious']);
  // It did none.
  await eventually(() => expect(second.unacknowledged).toHaveLength(10));
});

test('one that was delivered before and is done lets the next one come', async () => {
  const first = await consume();
  await first.send('suspicious');
  await eventually(() => expect(first.unacknowledged).toHaveLength(1));
  await first.channel.close(0);
  const second = await consume(first.queue);
  await eventually(() => expect(second.unacknowledged).toHaveLength(1));
  await second.send(...twenty);
  second.unacknowledged[0]?.acknowledge();
  await eventually(() => expect(second.unacknowledged).toHaveLength(11));
});
