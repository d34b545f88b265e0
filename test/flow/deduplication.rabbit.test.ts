import { defineCommandHandler, defineEventHandler, headers } from 'littoral';
import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const broker = () => ({ url: vhost.url });

test('what was handled, but not acknowledged before the connection was cut, is not handled again', async () => {
  const handled: string[] = [];
  const finish = gate();
  const on = (endpointId: string, wait: Promise<void> | undefined) =>
    defineEventHandler({
      routingKey: 'order.paid',
      endpointId,
      distributed: true,
      parameters: [headers()],
      async handle({ index }) {
        handled.push(`${endpointId} ${index}`);
        if (index !== 0) await wait;
      },
    });
  // The second keeps the message of the first from being acknowledged.
  const handlers = [on('first', undefined), on('second', finish.opened)];
  const gateway = await runGateway({ service: 'bank', broker: broker(), concurrency: 20, handlers });
  const publish = (index: number) =>
    post(gateway, '/events/order.paid', {}, { 'message-headers': JSON.stringify({ index }) });
  // Many are in hand at once when one has been handled well.
  await publish(0);
  await eventually(() => expect(handled).toHaveLength(2));
  await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
  for (let index = 1; index <= 10; index++) await publish(index);
  await eventually(() => expect(handled).toHaveLength(22));
  await vhost.closeConnections();
  // Those that came again are in hand beside those that were lost.
  await eventually(() => expect(gateway.unacknowledged().length).toBeGreaterThan(10));
  finish.open();
  await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
  await eventually(async () => expect(await vhost.messages('distributed_bank')).toBe(0));
  expect(new Set(handled).size).toBe(22);
  expect(handled).toHaveLength(22);
  expect(await waitingMessages(vhost.url, 'distributed_bank_dead_letter')).toEqual([]);
});

test('connections that are cut again and again bring nothing to a handler twice', async () => {
  const handled = new Map<unknown, number>();
  const count = defineCommandHandler({
    routingKey: 'count',
    distributed: true,
    parameters: [headers()],
    async handle({ id }) {
      await new Promise((resolve) => setImmediate(resolve));
      handled.set(id, (handled.get(id) ?? 0) + 1);
    },
  });
  await runGateway({ service: 'counter', broker: broker(), handlers: [count] });
  const shop = await runGateway({ service: 'shop', broker: broker() });
  const ids = new Set<unknown>();
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(shop, '/commands/counter/count', {})));
    for (const { status, body } of answers) if (status === 202) ids.add(body.messageId);
    await vhost.closeConnections();
    await eventually(() => expect(shop.channel.health().ready).toBe(true));
  }
  await eventually(() => expect([...ids].filter((id) => !handled.has(id))).toEqual([]));
  await eventually(async () => expect(await vhost.messages('distributed_counter')).toBe(0));
  expect([...handled.values()].filter((times) => times > 1)).toEqual([]);
});

test('a request that is repeated with its Idempotency-Key, through whichever gateway, has its effect once', async () => {
  const handled: unknown[] = [];
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    handle: (_, { id }) => void handled.push(id),
  });
  const till = await runGateway({ service: 'till', broker: broker(), handlers: [pay] });
  const shop = await runGateway({ service: 'shop', broker: broker() });
  const key = { 'idempotency-key': 'order-17' };
  const answers = await Promise.all(
    [till, shop, till, shop].map((gateway) => post(gateway, '/commands/till/pay', {}, key)),
  );
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  await post(shop, '/commands/till/pay', {}, { 'idempotency-key': 'order-18' });
  await eventually(() => expect(handled).toHaveLength(2));
  await eventually(async () => expect(await vhost.messages('distributed_till')).toBe(0));
  await eventually(() => expect(till.unacknowledged()).toEqual([]));
  expect(new Set(handled).size).toBe(2);
  expect(handled).toHaveLength(2);
});

test('of the handlers of an event, a copy reaches those that have failed, and no others', async () => {
  const heard: string[] = [];
  const on = (endpointId: string, fails = false) =>
    defineEventHandler({
      routingKey: 'order.placed',
      endpointId,
      distributed: true,
      handle: () => {
        heard.push(endpointId);
        if (fails) throw Object.assign(new Error('cannot'), { retryable: false });
      },
    });
  const gateway = await runGateway({ service: 'mail', broker: broker(), handlers: [on('print', true), on('send')] });
  const key = { 'idempotency-key': 'order-17' };
  for (const count of [1, 2]) {
    await post(gateway, '/events/order.placed', {}, key);
    await eventually(async () =>
      expect(await waitingMessages(vhost.url, 'distributed_mail_dead_letter')).toHaveLength(count),
    );
  }
  expect(heard.filter((name) => name === 'send')).toHaveLength(1);
  expect(heard.filter((name) => name === 'print').length).toBeGreaterThanOrEqual(2);
});
