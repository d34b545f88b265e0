import { defineCommandHandler, defineEventHandler } from 'littoral';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { answering, startApplication } from '../../delivery/application-fixture.ts';
import { post, type RunningGateway, runGateway } from '../../flow/gateway-fixture.ts';
import { samplesIn, scrape, sumOf } from './metrics-fixture.ts';

const change = defineCommandHandler({ routingKey: 'change', distributed: true, handle: () => {} });
const failing = defineCommandHandler({
  routingKey: 'fail',
  distributed: true,
  handle() {
    throw new RangeError('of the handler');
  },
});
const onOrders = defineEventHandler({ routingKey: 'order.*', distributed: true, handle: () => {} });

/** A gateway whose handlers are not retried later. */
function shop(config = {}): Promise<RunningGateway> {
  const retries = { maxAttempts: 0, instant: { maxAttempts: 2 } };
  return runGateway({ service: 'shop', retries, handlers: [change, failing, onOrders], ...config });
}

/** Waits until a metric has a value. */
function untilCounted(gateway: RunningGateway, name: string, labels: Record<string, string>, value: number) {
  return eventually(async () => {
    const text = await scrape(gateway);
    expect(sumOf(text, name, labels)).toBe(value);
    return text;
  });
}

const onBus = (key: string) => `ecotone.distributed:${key}`;

describe('the metrics of a gateway', () => {
  test('count and time what is sent and handled', async () => {
    const gateway = await shop();
    for (let count = 0; count < 3; count += 1) await post(gateway, '/commands/shop/change', {});
    await post(gateway, '/events/order.placed', {});
    const handled = { littoral_outcome: 'handled', messaging_destination_name: `${onBus('shop')}:distributed_shop` };
    const text = await untilCounted(gateway, 'messaging_client_consumed_messages_total', handled, 4);
    const sent = { messaging_operation_name: 'send', messaging_destination_name: onBus('shop') };
    expect(sumOf(text, 'messaging_client_sent_messages_total', sent)).toBe(3);
    expect(sumOf(text, 'messaging_client_operation_duration_seconds_count', sent)).toBe(3);
    // A pattern is the label of all keys that it matches.
    const event = { messaging_destination_name: onBus('order.*') };
    expect(sumOf(text, 'messaging_client_sent_messages_total', event)).toBe(1);
    const call = { messaging_operation_name: 'process', littoral_routing_key: 'change' };
    expect(sumOf(text, 'messaging_process_duration_seconds_count', call)).toBe(3);
    expect(sumOf(text, 'messaging_process_duration_seconds_bucket', { ...call, le: '+Inf' })).toBe(3);
    const age = { littoral_routing_key: 'order.*' };
    expect(sumOf(text, 'littoral_sent_to_handled_duration_seconds_count', age)).toBe(1);
    const route = '/commands/:destination/:routingKey';
    const request = { http_request_method: 'POST', http_route: route, http_response_status_code: '202' };
    expect(sumOf(text, 'http_server_request_duration_seconds_count', { ...request, url_scheme: 'http' })).toBe(3);
    expect(sumOf(text, 'littoral_ready')).toBe(1);
    expect(sumOf(text, 'littoral_consuming')).toBe(1);
    expect(samplesIn(text)).toContainEqual({
      name: 'target_info',
      labels: { service_name: 'shop', service_version: expect.any(String) },
      value: 1,
    });
  });

  test('count failures, instant retries and dead letters', async () => {
    const gateway = await shop();
    await post(gateway, '/commands/shop/fail', {});
    const dead = { littoral_reason: 'failed', littoral_routing_key: 'fail' };
    const text = await untilCounted(gateway, 'littoral_dead_lettered_messages_total', dead, 1);
    const failed = { littoral_routing_key: 'fail', error_type: 'RangeError' };
    expect(sumOf(text, 'messaging_process_duration_seconds_count', failed)).toBe(3);
    expect(sumOf(text, 'littoral_retries_total', { littoral_retry: 'instant', littoral_routing_key: 'fail' })).toBe(2);
    const outcome = { littoral_outcome: 'dead_letter' };
    expect(sumOf(text, 'messaging_client_consumed_messages_total', outcome)).toBe(1);
  });

  test('count delayed retries', async () => {
    const gateway = await shop({ retries: { maxAttempts: 1, initialDelayMs: 1 } });
    await post(gateway, '/commands/shop/fail', {});
    const dead = { littoral_routing_key: 'fail' };
    const text = await untilCounted(gateway, 'littoral_dead_lettered_messages_total', dead, 1);
    expect(sumOf(text, 'littoral_retries_total', { littoral_retry: 'later', littoral_routing_key: 'fail' })).toBe(1);
  });

  test('count duplicates, deferred messages and events for others', async () => {
    const gateway = await shop();
    const headers = { 'idempotency-key': 'k' };
    for (let count = 0; count < 2; count += 1) await post(gateway, '/commands/shop/change', {}, headers);
    await untilCounted(gateway, 'littoral_duplicates_total', { littoral_routing_key: 'change' }, 1);
    await gateway.channel.publish({
      to: { queue: 'distributed_shop' },
      message: {
        headers: {
          'ecotone.distributed.payloadType': 'event',
          'ecotone.distributed.routingKey': 'parcel.sent',
          'x-littoral-published-key': 'parcel.sent',
        },
        body: Buffer.from('{}'),
      },
    });
    const text = await untilCounted(gateway, 'littoral_deferred_messages_total', {}, 1);
    expect(sumOf(text, 'littoral_deferred_keys')).toBe(1);
    expect(sumOf(text, 'littoral_skipped_messages_total')).toBe(0);
  });

  test('have the code of an error as the type of a request that was refused', async () => {
    const gateway = await shop();
    await fetch(`${gateway.address}/events/order.placed`, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    const refused = { http_response_status_code: '400', error_type: 'malformed-body' };
    await untilCounted(gateway, 'http_server_request_duration_seconds_count', refused, 1);
  });

  test('count what waits in the queues', async () => {
    const gateway = await shop();
    await post(gateway, '/commands/shop/fail', {});
    await eventually(async () => {
      const text = await scrape(gateway);
      expect(sumOf(text, 'littoral_dead_letters')).toBe(1);
      expect(sumOf(text, 'littoral_queue_ready', { messaging_destination_name: 'distributed_shop' })).toBe(0);
      expect(sumOf(text, 'littoral_queue_oldest_age_seconds')).toBe(0);
    });
  });

  test('do not grow with the keys that callers choose', async () => {
    const gateway = await shop({ metrics: { keys: ['known'] } });
    const publish = (key: string) =>
      gateway.distributedBus.publishEvent(key, '1').catch((error) => expect.unreachable(String(error)));
    await publish('known');
    await publish('hostile 0');
    const before = samplesIn(await scrape(gateway)).length;
    for (let count = 1; count <= 100_000; count += 1) await publish(`hostile ${count}`);
    for (let count = 0; count < 100; count += 1) await gateway.app.inject({ url: `/hostile-${count}` });
    const text = await scrape(gateway);
    // The route of an unknown path is the only one that is new.
    expect(samplesIn(text).length - before).toBeLessThan(40);
    const sent = 'messaging_client_sent_messages_total';
    expect(sumOf(text, sent, { messaging_destination_name: 'other' })).toBe(100_001);
    expect(sumOf(text, sent, { messaging_destination_name: onBus('known') })).toBe(1);
    expect(text).not.toContain('hostile');
  });

  test('are not there if they are switched off', async () => {
    const gateway = await shop({ metrics: { enabled: false } });
    expect((await gateway.app.inject({ url: '/metrics' })).statusCode).toBe(404);
  });
});

describe('the metrics of an application', () => {
  const name = 'http_client_request_duration_seconds_count';

  test('contain the duration of each request by its status', async () => {
    const statuses = [500, 302, 204, 200];
    const app = await startApplication((request, response, socket) =>
      answering(statuses.shift() ?? 204)(request, response, socket),
    );
    const application = { url: app.url, commands: ['pay'] };
    const gateway = await runGateway({ service: 'shop', application, retries: { maxAttempts: 5, initialDelayMs: 1 } });
    for (let count = 0; count < 2; count += 1) await post(gateway, '/commands/shop/pay', {});
    const server = { http_request_method: 'POST', server_address: '127.0.0.1', server_port: String(app.port) };
    const text = await untilCounted(gateway, name, { ...server, url_scheme: 'http' }, 4);
    const samples = samplesIn(text).filter((sample) => sample.name === name);
    const found = samples.map(({ labels, value }) => [labels.http_response_status_code, labels.error_type, value]);
    expect(found).toHaveLength(4);
    expect(found).toEqual(
      expect.arrayContaining([
        ['500', '500', 1],
        ['302', undefined, 1],
        ['204', undefined, 1],
        ['200', undefined, 1],
      ]),
    );
  });

  test('contain the reason why a request got no answer', async () => {
    const app = await startApplication(({ body }, response, socket) => {
      if (body.toString() === '"cut"') socket.destroy();
      else if (body.toString() !== '"late"') response.end();
    });
    const application = { url: app.url, commands: ['pay'], holdMs: 100 };
    const config = { service: 'shop', application, handlerTimeoutMs: 200, retries: { maxAttempts: 0 } };
    const gateway = await runGateway(config);
    for (const payload of ['cut', 'late']) await post(gateway, '/commands/shop/pay', payload);
    await untilCounted(gateway, name, { error_type: 'no-answer' }, 1);
    await untilCounted(gateway, name, { error_type: 'timeout' }, 1);
    await app.stop();
    await post(gateway, '/commands/shop/pay', 'away');
    await eventually(async () => {
      expect(sumOf(await scrape(gateway), name, { error_type: 'unreachable' })).toBeGreaterThan(0);
    });
  });
});
