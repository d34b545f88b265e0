import type { Socket } from 'node:net';
import { defineCommandHandler } from 'littoral';
import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { wayToBroker } from '../engine/amqp/way-to-broker.ts';
import { scrape, sumOf } from '../observe/metrics/metrics-fixture.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();

test('the metrics show queues and connections, and are read at once while the broker is away', async () => {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const url = await wayToBroker(vhost.url, (client, broker) => {
    if (!isOpen) return void client.destroy();
    sockets.add(client);
    client.pipe(broker).pipe(client);
  });
  const handlers = [
    defineCommandHandler({
      routingKey: 'fail',
      distributed: true,
      handle() {
        throw new Error('of the handler');
      },
    }),
  ];
  const gateway = await runGateway({ service: 'watched', broker: { url }, handlers, retries: { maxAttempts: 0 } });
  const queue = { messaging_destination_name: 'distributed_watched' };
  expect((await post(gateway, '/commands/watched/fail', {})).status).toBe(202);
  await eventually(
    async () => {
      const text = await scrape(gateway);
      expect(sumOf(text, 'littoral_dead_letters')).toBe(1);
      expect(text).toContain('littoral_queue_ready{messaging_destination_name="distributed_watched"} 0');
      expect(sumOf(text, 'littoral_broker_connected')).toBe(2);
      expect(sumOf(text, 'littoral_broker_blocked')).toBe(0);
      expect(sumOf(text, 'littoral_publishes_in_flight')).toBe(0);
    },
    { intervalMs: 500 },
  );
  const sent = { messaging_system: 'rabbitmq', messaging_destination_name: 'ecotone.distributed:watched' };
  expect(sumOf(await scrape(gateway), 'messaging_client_sent_messages_total', sent)).toBe(1);

  isOpen = false;
  for (const socket of sockets) socket.destroy();
  await eventually(async () => {
    const text = await scrape(gateway);
    expect(sumOf(text, 'littoral_broker_connected', { littoral_role: 'publishing' })).toBe(0);
    expect(sumOf(text, 'littoral_ready')).toBe(0);
  });
  expect((await post(gateway, '/commands/watched/fail', {})).status).toBe(503);
  const refused = { error_type: 'broker-unavailable' };
  const text = await scrape(gateway);
  expect(sumOf(text, 'http_server_request_duration_seconds_count', refused)).toBe(1);
  // A count of before is no count of now.
  await eventually(async () => expect(await scrape(gateway)).not.toContain('littoral_queue_ready{'), {
    intervalMs: 500,
  });
  isOpen = true;
  await eventually(async () => expect(sumOf(await scrape(gateway), 'littoral_queue_ready', queue)).toBe(0));
});
