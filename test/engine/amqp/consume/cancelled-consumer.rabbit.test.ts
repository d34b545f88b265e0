import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { acknowledge, openInbox, send } from '../../engine-fixture.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';
import { wayToBroker } from '../way-to-broker.ts';

const vhost = useVhost();

const consumeOk = 21;
const cancel = 30;

/** A proxy to the broker that can cancel the consumers of a channel one by one, as RabbitMQ does from 4.3 on. */
async function cancellableWay() {
  const begun: { cancel(): void }[] = [];
  const url = await wayToBroker(vhost.url, (client, broker) => {
    client.pipe(broker);
    let rest = Buffer.alloc(0);
    broker.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 7 && rest.length >= rest.readUInt32BE(3) + 8) {
        const frame = rest.subarray(0, rest.readUInt32BE(3) + 8);
        rest = rest.subarray(frame.length);
        client.write(frame);
        if (frame[0] !== 1 || frame.readUInt16BE(7) !== 60 || frame.readUInt16BE(9) !== consumeOk) continue;
        // The tag of the consumer is all that it holds. A cancel ends with one byte of flags.
        const tag = frame.subarray(11, -1);
        const head = Buffer.from(frame.subarray(0, 11));
        head.writeUInt32BE(4 + tag.length + 1, 3);
        head.writeUInt16BE(cancel, 9);
        begun.push({ cancel: () => client.write(Buffer.concat([head, tag, Buffer.from([1, 0xce])])) });
      }
    });
  });
  return { url, begun };
}

test('a consumer that the broker cancels alone leaves no other of its process behind', async () => {
  const { url, begun } = await cancellableWay();
  const channel = createAmqpEngine({ url, service: 'cancelled' });
  onTestFinished(() => channel.close(1000));
  await channel.start();
  const inbox = await openInbox(channel, { prefetch: 3, onDelivery: acknowledge });
  await send(channel, inbox.queue, 'a');
  await eventually(() => expect(begun).toHaveLength(2));
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  const asking = await connection.createChannel();
  const consumers = async () => (await asking.checkQueue(inbox.queue)).consumerCount;
  begun[0]?.cancel();
  await eventually(() => expect(inbox.consumer.detached).toContain('cancelled the consumer'));
  await eventually(() => expect(inbox.consumer.detached).toBeUndefined());
  await send(channel, inbox.queue, 'b');
  await eventually(() => expect(begun).toHaveLength(4));
  await eventually(async () => expect(await consumers()).toBe(2));
  expect(inbox.texts()).toEqual(['a', 'b']);
  await inbox.consumer.stop();
  await eventually(async () => expect(await consumers()).toBe(0));
});
