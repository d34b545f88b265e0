import { connect } from 'amqplib';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { defineCommandHandler, defineEventHandler } from '../../src/index.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { post, type RunningGateway, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const amount = 20;

interface Seen {
  readonly key: string;
  readonly payload: unknown;
  readonly headers: MessageHeaders;
}

interface Version extends RunningGateway {
  readonly handled: Seen[];
  readonly log: Record<string, unknown>[];
}

/** A process of the service that handles these keys. */
async function runVersion(service: string, commands: string[], events: string[]): Promise<Version> {
  const handled: Seen[] = [];
  const log: Record<string, unknown>[] = [];
  const note = (key: string) => (payload: unknown, headers: MessageHeaders) =>
    void handled.push({ key, payload, headers });
  const gateway = await runGateway(
    {
      service,
      broker: { url: vhost.url },
      handlers: [
        ...commands.map((routingKey) =>
          defineCommandHandler({ routingKey, distributed: true, handle: note(routingKey) }),
        ),
        ...events.map((routingKey) => defineEventHandler({ routingKey, distributed: true, handle: note(routingKey) })),
      ],
    },
    { logger: pino({ base: undefined }, { write: (line: string) => log.push(JSON.parse(line)) }) },
  );
  return { ...gateway, handled, log };
}

const numbers = Array.from({ length: amount }, (_, number) => ({ number }));
const sorted = (seen: readonly Seen[], key: string) =>
  seen
    .filter((one) => one.key === key)
    .map(({ payload }) => payload as { number: number })
    .toSorted((one, other) => one.number - other.number);

test('two versions of a service share a queue without losing messages that only one handles', {
  timeout: 120_000,
}, async () => {
  const before = await runVersion('orders', ['place'], ['cart.filled']);
  const after = await runVersion('orders', ['place', 'refund'], ['cart.filled', 'cart.emptied']);
  const audit = await runVersion('audit', [], ['cart.emptied']);
  for (const payload of numbers) {
    await post(audit, '/events/cart.emptied', payload, { 'message-header-tenant': 'a', 'message-priority': '3' });
    await post(audit, '/events/cart.filled', payload);
    await post(audit, '/commands/orders/refund', payload);
    await post(audit, '/commands/orders/place', payload);
  }
  await eventually(
    () => {
      const together = [...before.handled, ...after.handled];
      for (const key of ['cart.emptied', 'cart.filled', 'refund', 'place']) {
        expect(sorted(together, key), key).toEqual(numbers);
      }
    },
    { timeoutMs: 100_000 },
  );
  const deferred = after.handled.filter(({ headers }) => headers[Header.deferrals] !== undefined);
  expect(deferred.length).toBeGreaterThan(0);
  for (const { headers } of deferred.filter(({ key }) => key === 'cart.emptied')) {
    expect(headers).toMatchObject({ tenant: 'a', priority: 3, [Header.publishedKey]: 'cart.emptied' });
    expect(headers).not.toHaveProperty(Header.retryNumber);
    expect(headers).not.toHaveProperty(Header.attempts);
  }
  // Deferred for this service alone: the others have had their copy.
  expect(sorted(audit.handled, 'cart.emptied')).toEqual(numbers);
  expect(await waitingMessages(vhost.url, 'distributed_orders_dead_letter')).toEqual([]);
  const warned = before.log.filter(({ level, graceMs }) => level === 40 && graceMs !== undefined);
  expect(warned.map(({ kind, routingKey }) => `${kind} ${routingKey}`).toSorted()).toEqual([
    'command refund',
    'event cart.emptied',
  ]);
  expect(after.log.filter(({ graceMs }) => graceMs !== undefined)).toEqual([]);
});

test('a retired key is unbound at start', async () => {
  const audit = await runVersion('mall', [], ['never']);
  const before = await runVersion('shop', ['sell'], ['shop.opened']);
  await before.stop();
  expect((await post(audit, '/events/shop.opened', {})).body).toMatchObject({ routed: true });
  await runGateway({
    service: 'shop',
    broker: { url: vhost.url },
    retiredKeys: ['shop.opened', 'shop.never'],
    handlers: [defineCommandHandler({ routingKey: 'sell', distributed: true, handle() {} })],
  });
  expect((await post(audit, '/events/shop.opened', {})).body).toMatchObject({ routed: false });
  expect((await post(audit, '/commands/shop/sell', {})).status).toBe(202);
});

test('a misspelt command becomes a dead letter in seconds if there is one process', async () => {
  const alone = await runVersion('alone', ['place'], []);
  const connection = await connect(vhost.url);
  const channel = await connection.createChannel();
  const headers = {
    'ecotone.distributed.payloadType': 'command',
    'ecotone.distributed.routingKey': 'plaec',
    'ecotone.distributed.targetServiceName': 'alone',
  };
  // In place of a gateway, which refuses to send what its own service does not handle.
  for (let count = 0; count < 5; count++) channel.publish('', 'distributed_alone', Buffer.from('{}'), { headers });
  await eventually(async () => expect(await vhost.messages('distributed_alone_dead_letter')).toBe(5), {
    timeoutMs: 20_000,
  });
  expect(alone.log.filter(({ graceMs }) => graceMs !== undefined)).toEqual([]);
  await connection.close();
});
