import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { newName, openInbox } from '../../engine-fixture.ts';
import { amqpHarness } from '../amqp-harness.ts';
import { nestedTables, rawPublish } from '../raw-publish.ts';
import { wayToBroker } from '../way-to-broker.ts';

const vhost = useVhost();

/** A way to the broker on which what it says within some milliseconds arrives in one piece. */
function lumpyWay(url: string): Promise<string> {
  return wayToBroker(url, (client, broker) => {
    const held: Buffer[] = [];
    broker.on('data', (bytes: Buffer) => {
      if (held.length === 0) setTimeout(() => client.write(Buffer.concat(held.splice(0))), 15);
      held.push(bytes);
    });
    client.pipe(broker);
  });
}

test('a connection that ends over its first delivery is not taken for a good one', async () => {
  const straight = await amqpHarness(vhost.url);
  onTestFinished(() => straight.close());
  const queue = newName();
  const inbox = await openInbox(straight.channel, { queue });
  await inbox.consumer.stop();
  const connection = await connect(vhost.url);
  connection.on('error', () => {});
  onTestFinished(() => connection.close().catch(() => {}));
  await connection.createConfirmChannel();
  rawPublish(connection, 1, queue, nestedTables(4000));
  await eventually(async () => expect(await vhost.messages(queue)).toBe(1));

  const lumpy = await amqpHarness(await lumpyWay(vhost.url));
  onTestFinished(() => lumpy.close());
  lumpy.channel.subscribe({
    queue,
    deadLetterQueue: inbox.deadLetterQueue,
    bindingKeys: [],
    prefetch: 2,
    onDelivery: (delivery) => delivery.acknowledge(),
  });
  // Given back with every connection, until the broker has had enough.
  await eventually(async () => expect(await vhost.messages(inbox.deadLetterQueue)).toBe(1), { timeoutMs: 180_000 });
});
