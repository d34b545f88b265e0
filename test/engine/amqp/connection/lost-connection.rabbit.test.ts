import { expect, onTestFinished, test } from 'vitest';
import type { Delivery } from '../../../../src/engine/delivery.ts';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { openInbox, send, textOf } from '../../engine-fixture.ts';
import { amqpHarness } from '../amqp-harness.ts';

const vhost = useVhost();

const amount = 400;

test('connections that are cut while many are being acknowledged lose nothing', async () => {
  const { channel, close } = await amqpHarness(vhost.url);
  onTestFinished(close);
  const handled = new Set<string>();
  const unacknowledged: Delivery[] = [];
  const onDelivery = (delivery: Delivery) => void unacknowledged.push(delivery);
  const { consumer, queue, deadLetterQueue } = await openInbox(channel, { prefetch: 20, onDelivery });
  await Promise.all(Array.from({ length: amount }, (_, index) => send(channel, queue, `${index}`)));

  /** Every other one that is in hand, the newest first; the last one alone. */
  const finishSome = () => {
    const finished =
      unacknowledged.length === 1
        ? unacknowledged.splice(0)
        : unacknowledged.filter((_, index) => index % 2 === 1).reverse();
    for (const delivery of finished) {
      if (unacknowledged.includes(delivery)) unacknowledged.splice(unacknowledged.indexOf(delivery), 1);
      delivery.acknowledge();
      handled.add(textOf(delivery.message));
    }
  };
  const finishing = setInterval(finishSome, 1);
  onTestFinished(() => clearInterval(finishing));

  for (const share of [0.25, 0.5, 0.75]) {
    await eventually(() => expect(handled.size).toBeGreaterThan(amount * share), { intervalMs: 1 });
    await vhost.closeConnections();
    await eventually(() => expect(consumer.detached).toBeUndefined());
  }
  await eventually(() => expect(handled.size).toBe(amount));
  await eventually(async () => expect(await vhost.messages(queue)).toBe(0));
  expect(await vhost.messages(deadLetterQueue)).toBe(0);
  // The end of the last connection can be noticed after all are handled.
  await eventually(() => expect(consumer.detached).toBeUndefined());
});
