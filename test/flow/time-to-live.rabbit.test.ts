import { type ChannelModel, connect } from 'amqplib';
import { defineCommandHandler, type MessageHeaders } from 'littoral';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { publishRaw, sized } from '../engine/amqp/raw-message.ts';
import { post, type RunningGateway, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();

let connection: ChannelModel;
beforeAll(async () => {
  connection = await connect(vhost.url);
  await connection.createChannel();
});
afterAll(() => connection.close());

/** A service that fails, and is tried again every 200 ms, more often than any time to live here lasts. */
async function failingService(service: string) {
  const calls: MessageHeaders[] = [];
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    retries: { maxAttempts: 1000, initialDelayMs: 200, multiplier: 1 },
    handle(_payload, headers) {
      calls.push(headers);
      throw new Error('no money yet');
    },
  });
  const gateway = await runGateway({ service, broker: { url: vhost.url }, handlers: [pay] });
  return { gateway, calls };
}

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON the gateway answered
async function letters({ address }: RunningGateway): Promise<any[]> {
  const answer = await fetch(`${address}/dead-letters?error=expired`);
  return ((await answer.json()) as { items: unknown[] }).items;
}

const expired = {
  reasonCode: 'expired',
  reason: expect.stringContaining('expired'),
  // Before a retry that would come too late, or, where that came late by itself, before its call.
  error: { class: 'littoral.expired', message: expect.stringMatching(/no money yet|was called/), code: 0 },
};

test('a time to live from HTTP ends the retries', async () => {
  const { gateway, calls } = await failingService('brief');
  const headers = { 'message-time-to-live': '6000' };
  expect((await post(gateway, '/commands/brief/pay', { amount: 1 }, headers)).status).toBe(202);
  await eventually(async () => expect(await letters(gateway)).toMatchObject([expired]));
  expect(new Set(calls.map(({ timeToLive }) => timeToLive))).toEqual(new Set([6000]));
  const [{ id, attempts }] = await letters(gateway);
  expect(attempts).toBe(calls.length);

  // Somebody wants it handled: with all of its retries, and without end.
  expect((await fetch(`${gateway.address}/dead-letters/${id}/replay`, { method: 'POST' })).status).toBe(202);
  await eventually(() => expect(calls.length).toBeGreaterThan(attempts + 1));
  expect(calls.at(-1)).not.toHaveProperty('timeToLive');
  expect(await letters(gateway)).toEqual([]);
});

test('an expiration from another program ends the retries, whatever its timestamp says', async () => {
  const { gateway, calls } = await failingService('foreign');
  const command = {
    'ecotone.distributed.payloadType': sized('S', 'command'),
    'ecotone.distributed.routingKey': sized('S', 'pay'),
    'ecotone.distributed.targetServiceName': sized('S', 'foreign'),
  };
  const timestamps = [undefined, 0, 5, Math.floor(Date.now() / 1000)];
  for (const timestamp of timestamps) {
    const sent: Record<string, number> = timestamp === undefined ? {} : { timestamp };
    const properties = { content_type: 'application/json', expiration: '5000', ...sent };
    publishRaw(
      connection,
      1,
      { routingKey: 'distributed_foreign' },
      { properties, headers: command, body: Buffer.from('1') },
    );
  }
  await eventually(async () => expect(await letters(gateway)).toMatchObject(timestamps.map(() => expired)));
  expect(calls.length).toBeGreaterThanOrEqual(timestamps.length);
});

test('a message that expired in its queue has the same reason', async () => {
  const { gateway } = await failingService('queued');
  await gateway.stop();
  const properties = { expiration: '1' };
  publishRaw(connection, 1, { routingKey: 'distributed_queued' }, { properties, headers: {}, body: Buffer.from('1') });
  await eventually(async () => expect(await vhost.messages('distributed_queued_dead_letter')).toBe(1));
  const later = await runGateway({ service: 'queued', broker: { url: vhost.url } });
  const [letter] = await letters(later);
  expect(letter).toMatchObject({ reasonCode: 'expired', reason: expect.stringContaining('expired') });
});

test('a delayed message has a time to live that begins when it is due, by its AMQP timestamp', async () => {
  const { gateway, calls } = await failingService('later');
  const headers = { 'message-time-to-live': '60000', 'message-delay': '2000' };
  expect((await post(gateway, '/commands/later/pay', { amount: 1 }, headers)).status).toBe(202);
  await eventually(() => expect(calls.length).toBeGreaterThanOrEqual(2));
  const [first, second] = calls;
  expect(first).toMatchObject({ timeToLive: 60_000 });
  expect(first?.amqp_timestamp).toBeGreaterThan(first?.timestamp as number);
  const end = second?.['x-littoral-expires-at'] as number;
  // As far as whole seconds say: a delay that is over counts for nothing.
  expect(end).toBeGreaterThanOrEqual((first?.amqp_timestamp as number) * 1000 + 60_000);
  expect(end).toBeLessThanOrEqual(((first?.amqp_timestamp as number) + 1) * 1000 + 60_000);
});
