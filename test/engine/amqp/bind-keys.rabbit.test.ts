import type { Channel } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { bindKeys } from '../../../src/engine/amqp/bind-keys.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { openChannel } from './open-channel.ts';

const vhost = useVhost();
const exchange = 'amq.topic';

async function boundKeys(queue: string): Promise<string[]> {
  const bindings = await vhost.bindings();
  const ours = bindings.filter(({ source, destination }) => source === exchange && destination === queue);
  return ours.map(({ routingKey }) => routingKey).sort();
}

function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `event.${index}`);
}

describe('keys of a queue', () => {
  test.each([0, 1, 99, 100, 101, 250])('are all bound, and bound again without effect: %d', async (count) => {
    const queue = `bound-${count}`;
    const channel = await openChannel(vhost.url);
    await channel.assertQueue(queue);
    await bindKeys(channel, queue, exchange, keysOf(count));
    expect(await boundKeys(queue)).toEqual(keysOf(count).sort());
    await bindKeys(channel, queue, exchange, keysOf(count));
    expect(await boundKeys(queue)).toEqual(keysOf(count).sort());
    // No answer is left over that another call would take for its own.
    expect(await channel.checkQueue(queue)).toMatchObject({ queue });
  });

  test('are bound one by one where amqplib does not offer to send them together', async () => {
    const channel = await openChannel(vhost.url);
    await channel.assertQueue('one-by-one');
    const publicMethods: Pick<Channel, 'bindQueue'> = { bindQueue: channel.bindQueue.bind(channel) };
    await bindKeys(publicMethods, 'one-by-one', exchange, keysOf(3));
    expect(await boundKeys('one-by-one')).toEqual(keysOf(3));
  });

  test('fail with the reason of the broker, wherever the failing key stands', async () => {
    const channel = await openChannel(vhost.url);
    const bound = bindKeys(channel, 'nosuch', exchange, keysOf(250));
    await expect(bound).rejects.toMatchObject({ code: 404, message: expect.stringContaining("no queue 'nosuch'") });
  });

  test('fail with the first reason when several keys fail, and the channel is closed', async () => {
    const channel = await openChannel(vhost.url);
    await channel.assertQueue('refused');
    const bound = bindKeys(channel, 'refused', 'no exchange', keysOf(3));
    await expect(bound).rejects.toMatchObject({
      code: 404,
      message: expect.stringContaining("no exchange 'no exchange'"),
    });
    await expect(bindKeys(channel, 'refused', exchange, keysOf(3))).rejects.toThrow('Channel closed');
  });
});
