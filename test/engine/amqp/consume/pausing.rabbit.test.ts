import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import type { AmqpEngine } from '../../../../src/engine/amqp/amqp-engine.ts';
import type { AmqpConsumer } from '../../../../src/engine/amqp/consume/amqp-consumer.ts';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { openInbox, openWideInbox, send, sendAll } from '../../engine-fixture.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';

const vhost = useVhost();

async function openChannel(): Promise<AmqpEngine> {
  const channel = createAmqpEngine({ url: vhost.url, service: 'pausing' });
  onTestFinished(() => channel.close(1000));
  await channel.start();
  return channel;
}

test('a consumer that pauses leaves messages to a poll, and then goes on', async () => {
  const channel = await openChannel();
  const inbox = await openWideInbox(channel, 3);
  expect(await inbox.consumer.pause?.(2 ** 31 - 1)).toBe(true);
  expect(await inbox.consumer.pause?.(1)).toBe(false);
  await sendAll(channel, inbox.queue, ['a', 'b']);
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  const polling = await connection.createChannel();
  const polled = await eventually(
    async () => (await polling.get(inbox.queue)) || Promise.reject(new Error('none yet')),
  );
  expect(polled.content.toString()).toBe('a');
  polling.ack(polled);
  expect(inbox.texts()).toEqual([]);
  expect(inbox.consumer.detached).toBeUndefined();
});

test('a paused consumer never exceeds its prefetch in unacknowledged deliveries, and reaches it again', async () => {
  const channel = await openChannel();
  const inbox = await openWideInbox(channel, 3);
  const unacknowledged = () => inbox.deliveries.length - settled;
  let settled = 0;
  await sendAll(channel, inbox.queue, ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  await inbox.delivery(3);
  inbox.deliveries[0]?.acknowledge();
  settled = 1;
  await inbox.delivery(4);
  expect(await inbox.consumer.pause?.(1)).toBe(true);
  await send(channel, inbox.queue, 'h');
  expect(unacknowledged()).toBe(3);
  // The prefetch of the deliveries before the pause is free once all of them are settled.
  for (const index of [1, 2, 3]) inbox.deliveries[index]?.acknowledge();
  settled = 4;
  await inbox.delivery(7);
  expect(inbox.texts()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(unacknowledged()).toBe(3);
});

test('a consumer that has stopped, or is at its start, does not pause', async () => {
  const channel = await openChannel();
  const inbox = await openInbox(channel, { prefetch: 3 });
  expect(await inbox.consumer.pause?.(1)).toBe(false);
  await inbox.consumer.stop();
  expect(await inbox.consumer.pause?.(1)).toBe(false);
});

test('a consumer with extra deliveries does not pause, and continues to take them', async () => {
  const channel = await openChannel();
  const inbox = await openWideInbox(channel, 2);
  inbox.consumer.allowExtra(1);
  expect(await inbox.consumer.pause?.(1)).toBe(false);
  await sendAll(channel, inbox.queue, ['a', 'b', 'c']);
  await inbox.delivery(3);
  expect(inbox.texts().toSorted()).toEqual(['a', 'b', 'c']);
});

test('a check while a consumer pauses or resumes reports no problem', async () => {
  const channel = await openChannel();
  const inbox = await openWideInbox(channel, 2);
  const consumer = inbox.consumer as AmqpConsumer;
  for (let round = 0; round < 5; round += 1) {
    const checks = [consumer.verify()];
    expect(await inbox.consumer.pause?.(1)).toBe(true);
    await send(channel, inbox.queue, `${round}`);
    checks.push(consumer.verify());
    (await inbox.delivery(round + 1)).acknowledge();
    checks.push(consumer.verify());
    await Promise.all(checks);
    expect(consumer.detached).toBeUndefined();
    await eventually(async () => expect(await consumer.otherConsumers()).toBe(0));
  }
});
