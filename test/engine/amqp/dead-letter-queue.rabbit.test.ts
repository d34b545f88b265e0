import { connect, type Options } from 'amqplib';
import { defineCommandHandler } from 'littoral';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { post, runGateway } from '../../flow/gateway-fixture.ts';
import { waitingTexts } from './amqp-harness.ts';
import { openChannel } from './open-channel.ts';

const vhost = useVhost();

/** The first number of the broker's version. */
let series: number;

beforeAll(async () => {
  const connection = await connect(vhost.url);
  series = Number.parseInt(String(connection.connection.serverProperties.version), 10);
  await connection.close();
});

/** Declares a dead letter queue before the gateway of its service starts. */
async function declare(service: string, args: Record<string, unknown>, options: Options.AssertQueue = {}) {
  const channel = await openChannel(vhost.url);
  await channel.assertQueue(`distributed_${service}_dead_letter`, { durable: true, arguments: args, ...options });
  return channel;
}

/** A gateway whose handler refuses everything for good. */
const refusing = (service: string) => {
  const handle = () => {
    throw new Error('refused');
  };
  const handlers = [
    defineCommandHandler({ routingKey: 'pay', distributed: true, retries: { maxAttempts: 0 }, handle }),
  ];
  return runGateway({ service, broker: { url: vhost.url }, handlers });
};

describe('a new dead letter queue', () => {
  test('survives the loss of a node on RabbitMQ 4, and is classic on 3.x, whatever the default type of the vhost', async () => {
    await runGateway({ service: 'fresh', broker: { url: vhost.url } });
    await eventually(async () => {
      const found = (await vhost.queues()).find(({ name }) => name === 'distributed_fresh_dead_letter');
      const unlimited = { 'x-queue-type': 'quorum', 'x-delivery-limit': -1 };
      expect(found?.arguments).toEqual(series >= 4 ? unlimited : { 'x-queue-type': 'classic' });
    });
  });

  test('keeps all dead letters in their order through forty browses', async () => {
    const gateway = await refusing('looked');
    for (let index = 1; index <= 5; index += 1) {
      expect((await post(gateway, '/commands/looked/pay', { index })).status).toBe(202);
      await eventually(async () => expect(await vhost.messages('distributed_looked_dead_letter')).toBe(index));
    }
    const look = async () => {
      const response = await fetch(`${gateway.address}/dead-letters`);
      const { items } = (await response.json()) as { items: { id: string }[] };
      return items.map(({ id }) => id);
    };
    const first = await look();
    expect(first).toHaveLength(5);
    for (let count = 0; count < 40; count += 1) expect(await look()).toEqual(first);
    expect(await waitingTexts(vhost.url, 'distributed_looked_dead_letter')).toEqual(
      [1, 2, 3, 4, 5].map((index) => JSON.stringify({ index })),
    );
  });
});

describe('a dead letter queue that exists', () => {
  const safe: [string, Record<string, unknown>][] = [
    ['plain', {}],
    ['classic', { 'x-queue-type': 'classic' }],
    ['bounded', { 'x-max-length': 100_000, 'x-overflow': 'reject-publish' }],
    ['lazy', { 'x-queue-mode': 'lazy', 'x-message-ttl': 86_400_000 }],
  ];

  test.each(safe)('is used when it is classic: %s', async (service, args) => {
    await declare(service, args);
    const gateway = await refusing(service);
    expect((await post(gateway, `/commands/${service}/pay`, {})).status).toBe(202);
    await eventually(async () => expect(await vhost.messages(`distributed_${service}_dead_letter`)).toBe(1));
  });

  test('is used when it is a quorum queue without a delivery limit, whatever its other arguments', async () => {
    const lifted = series >= 4 ? { 'x-delivery-limit': -1 } : {};
    const channel = await declare('lifted', { 'x-queue-type': 'quorum', 'x-max-length': 1000, ...lifted });
    const gateway = await refusing('lifted');
    expect((await post(gateway, '/commands/lifted/pay', {})).status).toBe(202);
    await eventually(async () => {
      expect((await channel.checkQueue('distributed_lifted_dead_letter')).messageCount).toBe(1);
    });
  });

  test.each([
    ['limited', { 'x-queue-type': 'quorum', 'x-delivery-limit': 20 }],
    ['limited-and-bounded', { 'x-queue-type': 'quorum', 'x-delivery-limit': 5, 'x-max-length': 7 }],
    ['stream', { 'x-queue-type': 'stream' }],
  ])('is refused with the remedy when looking would delete from it: %s', async (service, args) => {
    await declare(service, args);
    await expect(refusing(service)).rejects.toMatchObject({
      code: 'topology-mismatch',
      message: expect.stringMatching(
        new RegExp(`'distributed_${service}_dead_letter'.*Nothing was changed.*docs/dead-letters.md`, 's'),
      ),
    });
  });

  test('is refused where RabbitMQ 4 gave it a delivery limit by default', async () => {
    await declare('unlifted', { 'x-queue-type': 'quorum' });
    const start = refusing('unlifted');
    // RabbitMQ 3 has no such limit.
    if (series < 4) await start;
    else await expect(start).rejects.toMatchObject({ code: 'topology-mismatch' });
  });
});
