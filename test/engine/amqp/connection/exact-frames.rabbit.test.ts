import { type ChannelModel, connect } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { useExactFrames } from '../../../../src/engine/amqp/connection/exact-frames.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { openInbox } from '../../engine-fixture.ts';
import { amqpHarness } from '../amqp-harness.ts';
import { publishRaw, sized } from '../raw-message.ts';

const vhost = useVhost();

describe('the version of amqplib that is installed', () => {
  test('has the methods that exact frames replace, with the parameters that they expect', async () => {
    const connection = await connect(vhost.url);
    expect(useExactFrames(connection)).toBe(true);
    await connection.close();
  });

  test.each(['rest', 'channels', 'recvFrame', 'sendMethod', 'sendContent', 'sendMessage'])(
    'is left alone where %s is not as expected',
    (missing) => {
      const methods = { recvFrame() {}, sendMethod(_1: 0, _2: 0, _3: 0) {}, sendContent(_1: 0, _2: 0) {} };
      const sendMessage = (_1: 0, _2: 0, _3: 0, _4: 0, _5: 0, _6: 0) => {};
      const good = { rest: Buffer.alloc(0), maxFrameSize: 1, channels: [], ...methods, sendMessage };
      const model = (connection: object) => ({ connection }) as unknown as ChannelModel;
      expect(useExactFrames(model({ ...good }))).toBe(true);
      expect(useExactFrames(model({ ...good, [missing]: undefined }))).toBe(false);
    },
  );
});

describe('a message that is moved', () => {
  test('is reported as unroutable if it reaches no queue, also if its message id is not its header id', async () => {
    const harness = await amqpHarness(vhost.url);
    const inbox = await openInbox(harness.channel);
    const connection = await connect(vhost.url);
    await connection.createChannel();
    const message = { properties: { message_id: 'm-1' }, headers: { id: sized('S', 'other') }, body: Buffer.from('a') };
    publishRaw(connection, 1, { routingKey: inbox.queue }, message);
    const delivery = await inbox.delivery(1);
    const to = { queue: `${inbox.queue}_that_does_not_exist` };
    expect(await harness.channel.publish({ to, message: delivery.message })).toEqual({ routed: false });
    await connection.close();
    await harness.close();
  });

  test('arrives whole if its body is empty, or has many frames', async () => {
    const harness = await amqpHarness(vhost.url);
    const inbox = await openInbox(harness.channel, { prefetch: 3 });
    const connection = await connect(vhost.url);
    await connection.createChannel();
    const headers = { mark: sized('x', 'kept') };
    publishRaw(connection, 1, { routingKey: inbox.queue }, { properties: {}, headers, body: Buffer.alloc(0) });
    const empty = await inbox.delivery(1);
    empty.acknowledge();
    const bodies = [
      Buffer.alloc(0),
      Buffer.alloc(500_000, 'b'),
      Buffer.alloc(131_064, 'c'),
      Buffer.alloc(131_065, 'd'),
    ];
    for (const [index, body] of bodies.entries()) {
      await harness.channel.publish({ to: { queue: inbox.queue }, message: { ...empty.message, body } });
      const moved = await inbox.delivery(index + 2);
      expect(moved.message.headers.mark).toEqual(Buffer.from('kept'));
      expect(body.equals(moved.message.body)).toBe(true);
      moved.acknowledge();
    }
    await connection.close();
    await harness.close();
  });
});
