import { connect } from 'amqplib';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { openHarness, openInbox } from '../engine-fixture.ts';
import { amqpHarness } from './amqp-harness.ts';

const vhost = useVhost();

test('messages that can be neither handled nor moved are held, requeued by closing, and do not delay it', async () => {
  const texts = Array.from({ length: 12 }, (_, index) => `${index}, and too large to be written again`);
  const lines: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
  const harness = () => amqpHarness(vhost.url, { queueType: 'classic', maxMessageBytes: 10, logger });
  const { channel } = await openHarness(harness);
  const { queue } = await openInbox(channel, { prefetch: 12, onDelivery: (delivery) => delivery.reject() });
  const connection = await connect(vhost.url);
  const publisher = await connection.createConfirmChannel();
  for (const text of texts) publisher.sendToQueue(queue, Buffer.from(text));
  await publisher.waitForConfirms();
  await connection.close();
  await eventually(() => expect(lines.filter((line) => line.includes('it will be redelivered'))).toHaveLength(12));

  await channel.close(60_000);
  expect(await vhost.messages(queue)).toBe(12);
});
