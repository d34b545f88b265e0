import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { AmqpChannel } from '../../src/amqp/amqp-channel.ts';
import type { Delivery } from '../../src/channel/message-channel.ts';
import type { Broker } from '../broker/broker.ts';
import { eventually } from '../broker/eventually.ts';
import { startBroker } from '../broker/start-broker.ts';
import { createVhost, type Vhost } from '../broker/vhost.ts';
import { messageOf, openInbox, textOf } from '../channel/channel-fixture.ts';

// A broker of its own: it is killed.
let broker: Broker;
let vhost: Vhost;

beforeAll(async () => {
  broker = await startBroker();
  vhost = await createVhost(broker);
});

afterAll(async () => {
  await broker?.close();
});

const patience = { timeoutMs: 40_000 };
const thirtyDaysMs = 2_592_000_000;

async function openChannel(service: string): Promise<AmqpChannel> {
  const channel = new AmqpChannel({ url: vhost.url, service, logger: pino({ level: 'silent' }), heartbeatSeconds: 1 });
  onTestFinished(() => channel.close(1000));
  await channel.start();
  return channel;
}

describe('a delayed message survives', () => {
  test.each([
    ['is killed', () => broker.kill()],
    ['is stopped', () => broker.stop()],
  ])('that the broker %s and starts again', async (_, interrupt) => {
    const channel = await openChannel('restarted');
    const arrivals: { readonly text: string; readonly atMs: number }[] = [];
    const onDelivery = (delivery: Delivery) => {
      arrivals.push({ text: textOf(delivery.message), atMs: performance.now() });
      delivery.acknowledge();
    };
    const { queue, deadLetterQueue } = await openInbox(channel, { onDelivery });
    const to = { queue, deadLetterQueue };
    const due = new Map<string, number>();
    const send = async (text: string, delayMs: number) => {
      due.set(text, performance.now() + delayMs);
      await channel.publish({ to, message: messageOf(text), delayMs });
    };
    for (const delayMs of [3000, 9000, 20_000]) await send(`in ${delayMs} ms`, delayMs);
    // RabbitMQ forgets a quorum queue that was declared less than a second before it was killed.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for (let count = 0; count < 20; count++) await send(`${count}`, 3000);
    await interrupt();
    await broker.start();
    await eventually(() => expect(new Set(arrivals.map(({ text }) => text)).size).toBe(due.size), patience);
    for (const { text, atMs } of arrivals) expect(atMs).toBeGreaterThanOrEqual(due.get(text) ?? Infinity);
    const numbered = [...new Set(arrivals.map(({ text }) => text))].filter((text) => /^\d+$/.test(text));
    expect(numbered).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
    console.log(arrivals.map(({ text, atMs }) => `${text}: ${Math.round(atMs - due.get(text)!)}`).join('; '));
  });
});
