import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { gate } from '../../../endpoint/endpoint-fixture.ts';
import { openHarness, openQueue, send } from '../../engine-fixture.ts';
import { amqpHarness } from '../amqp-harness.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';
import { wayToBroker } from '../way-to-broker.ts';

const vhost = useVhost();

/** A way to the broker that holds back what the broker says on the first connection, until it is opened. */
async function slowFirstConnection(url: string) {
  let connections = 0;
  const { opened, open } = gate();
  const way = await wayToBroker(url, async (client, broker) => {
    connections += 1;
    const isFirst = connections === 1;
    client.pipe(broker);
    if (isFirst) await opened;
    broker.pipe(client);
  });
  return { url: way, open, connections: () => connections };
}

test('nothing is delivered before what handlers send can be published', async () => {
  const { channel: before } = await openHarness(() => amqpHarness(vhost.url));
  const { queue, deadLetterQueue } = await openQueue(before);
  await send(before, queue, 'waiting');
  const way = await slowFirstConnection(vhost.url);
  const channel = createAmqpEngine({ url: way.url, service: 'slow' });
  onTestFinished(() => channel.close(1000));
  const readyAtDelivery: boolean[] = [];
  channel.subscribe({
    queue,
    deadLetterQueue,
    bindingKeys: [],
    prefetch: 1,
    onDelivery: (delivery) => {
      readyAtDelivery.push(channel.health().ready);
      delivery.acknowledge();
    },
  });
  const started = channel.start();
  await eventually(() => expect(way.connections()).toBe(2));
  // Enough for a consumer that does not wait.
  await new Promise((resolve) => setTimeout(resolve, 500));
  way.open();
  await started;
  await eventually(() => expect(readyAtDelivery).toEqual([true]));
});
