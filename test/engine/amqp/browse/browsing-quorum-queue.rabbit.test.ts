import { connect } from 'amqplib';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { BrowseAction } from '../../../../src/engine/browsing.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';

const vhost = useVhost();

/** RabbitMQ 3 has no delivery limit by default, and would take -1 for one. */
let lifted: Record<string, unknown>;

beforeAll(async () => {
  const connection = await connect(vhost.url);
  const isSeries3 = String(connection.connection.serverProperties.version).startsWith('3.');
  lifted = isSeries3 ? {} : { 'x-delivery-limit': -1 };
  await connection.close();
});

/** A quorum queue in which the numbers from 1 to a count wait, in their order, and a channel to browse it. */
async function openNumbers(queue: string, count: number) {
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  const filling = await connection.createConfirmChannel();
  await filling.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...lifted } });
  for (let number = 1; number <= count; number += 1) {
    filling.sendToQueue(queue, Buffer.from(`${number}`), { persistent: true });
    if (number % 500 === 0) await filling.waitForConfirms();
  }
  await filling.waitForConfirms();
  const channel = createAmqpEngine({ url: vhost.url, service: 'browsing' });
  onTestFinished(() => channel.close(1000));
  await channel.start();
  /** Visits the first messages. Returns their numbers. */
  const look = async (first = Number.POSITIVE_INFINITY, verdict: (number: number) => BrowseAction = () => 'keep') => {
    const numbers: number[] = [];
    await channel.browse(queue, {
      visit({ message, position, end }) {
        const number = Number(Buffer.from(message.body).toString());
        numbers.push(number);
        if (position >= first) end();
        return verdict(number);
      },
    });
    return numbers;
  };
  return { look };
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

describe('browsing a quorum queue', () => {
  test('keeps the order, however many messages are browsed, and whichever are removed', async () => {
    const count = 700;
    const { look } = await openNumbers('ordered', count);
    for (const first of [100, 10, 300, 1, 126, 700, 50])
      expect(await look(first)).toEqual(numbersTo(count).slice(0, first));
    const isKept = (number: number) => number % 3 !== 0 || number > 200;
    await look(200, (number) => (isKept(number) ? 'keep' : 'remove'));
    await look(20);
    expect(await look()).toEqual(numbersTo(count).filter(isKept));
  });

  test.each([
    ['all', 1000, 1000],
    ['the first of many', 1400, 1000],
    ['few', 100, 20],
  ])('removes the chosen messages: %s', async (name, count, removed) => {
    const { look } = await openNumbers(`removed ${name}`, count);
    await look(removed, () => 'remove');
    expect(await look()).toEqual(numbersTo(count).slice(removed));
  });
});
