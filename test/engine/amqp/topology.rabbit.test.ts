import type { ConsumeMessage } from 'amqplib';
import { defineCommandHandler, defineEventHandler } from 'littoral';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { post, readiness, runGateway } from '../../flow/gateway-fixture.ts';
import { openChannel } from './open-channel.ts';

const vhost = useVhost();

const pay = (handle: (payload: unknown) => void) =>
  defineCommandHandler({ routingKey: 'pay', distributed: true, handle });

test("the service's queue has exactly the arguments that can never change", async () => {
  await runGateway({ service: 'fixed', broker: { url: vhost.url }, handlers: [pay(() => {})] });
  const queues = await eventually(async () => {
    const all = await vhost.queues();
    expect(all.filter(({ name }) => name.startsWith('distributed_fixed'))).toHaveLength(2);
    return all;
  });
  expect(queues.find(({ name }) => name === 'distributed_fixed')).toMatchObject({
    type: 'quorum',
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': 20,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'distributed_fixed_dead_letter',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  });
});

test('the queue is bound by the name of the service, and by each event key with its wildcard words as #', async () => {
  const handle = () => {};
  await runGateway({
    service: 'bound',
    broker: { url: vhost.url },
    handlers: [
      defineEventHandler({ routingKey: 'order.*', distributed: true, handle }),
      defineEventHandler({ routingKey: 'invoice.paid', distributed: true, handle }),
      defineEventHandler({ routingKey: 'refund.ma*.done', distributed: true, handle }),
      defineEventHandler({ routingKey: 'only.here', handle }),
    ],
  });
  await eventually(async () => {
    const bindings = (await vhost.bindings()).filter(({ destination }) => destination === 'distributed_bound');
    // Delayed messages are routed through an exchange of this service.
    const onBus = bindings.filter(({ source }) => source !== 'littoral_bound_delay_end');
    expect(onBus.map(({ source, routingKey }) => `${source} ${routingKey}`).sort()).toEqual([
      'ecotone.distributed bound',
      'ecotone.distributed invoice.paid',
      'ecotone.distributed order.#',
      'ecotone.distributed refund.#.done',
    ]);
  });
});

test('a gateway that only sends declares the exchange, and of queues only where its delayed messages arrive', async () => {
  await runGateway({ service: 'sender', broker: { url: vhost.url } }, { consume: false });
  const channel = await openChannel(vhost.url);
  await channel.checkExchange('ecotone.distributed');
  await eventually(async () => {
    const queues = (await vhost.queues()).filter(({ name }) => name.includes('sender'));
    expect(queues.map(({ name }) => name).sort()).toEqual(['distributed_sender_dead_letter', 'littoral_sender_due']);
  });
});

test('a gateway without distributed handlers leaves the queue of its service to another program', async () => {
  const channel = await openChannel(vhost.url);
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  await channel.assertQueue('distributed_python', { durable: true });
  await channel.bindQueue('distributed_python', 'ecotone.distributed', 'python');
  const received: string[] = [];
  const take = (message: ConsumeMessage | null) => message && received.push(message.content.toString());
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const local = defineCommandHandler({ routingKey: 'pay', handle: () => {} });
  const gateway = await runGateway({ service: 'python', broker: { url: vhost.url }, handlers: [local] }, { logger });

  expect((await readiness(gateway)).status).toBe(200);
  expect((await post(gateway, '/commands/python/pay', { amount: 1 })).status).toBe(202);
  await channel.consume('distributed_python', take, { noAck: true });

  await eventually(() => expect(received).toEqual(['{"amount":1}']));
  expect(lines.join('')).toContain('no distributed handlers: this gateway sends and does not consume');
  expect(await vhost.messages('distributed_python_dead_letter')).toBe(0);
});

test('a classic queue is declared as Ecotone declares it, so that an application of the same name can share it', async () => {
  const channel = await openChannel(vhost.url);
  await channel.assertQueue('distributed_php', { durable: true });
  const handled: unknown[] = [];
  const gateway = await runGateway({
    service: 'php',
    broker: { url: vhost.url, queueType: 'classic' },
    handlers: [pay((payload) => handled.push(payload))],
  });
  await post(gateway, '/commands/php/pay', { amount: 1 });
  await eventually(() => expect(handled).toEqual([{ amount: 1 }]));
});

describe('a queue that exists with other arguments', () => {
  test('ends the start with the text of the broker and the remedies, and is left as it is', async () => {
    const channel = await openChannel(vhost.url);
    await channel.assertQueue('distributed_taken', { durable: true });
    await channel.sendToQueue('distributed_taken', Buffer.from('kept'));
    const start = runGateway({ service: 'taken', broker: { url: vhost.url }, handlers: [pay(() => {})] });
    await expect(start).rejects.toMatchObject({
      code: 'topology-mismatch',
      message: expect.stringMatching(/PRECONDITION_FAILED.*inequivalent arg.*queueType: 'classic'/s),
    });
    expect(await vhost.messages('distributed_taken')).toBe(1);
  });

  test('is not ready when it came about later, sends all the same, and consumes once it is gone', async () => {
    const handled: unknown[] = [];
    const broker = { url: vhost.url };
    const gateway = await runGateway({ service: 'later', broker, handlers: [pay((payload) => handled.push(payload))] });
    const channel = await openChannel(vhost.url);
    // At once, or the gateway would be the first to declare it again.
    await Promise.all([
      channel.deleteQueue('distributed_later'),
      channel.assertQueue('distributed_later', { durable: true }),
    ]);
    await channel.bindQueue('distributed_later', 'ecotone.distributed', 'later');

    await eventually(async () => {
      const answer = await readiness(gateway);
      expect(answer.status).toBe(503);
      expect(await answer.text()).toContain('PRECONDITION_FAILED');
    });
    expect((await post(gateway, '/commands/later/pay', { amount: 1 })).status).toBe(202);
    expect(await vhost.messages('distributed_later')).toBe(1);

    await vhost.deleteQueue('distributed_later');
    await eventually(async () => expect((await readiness(gateway)).status).toBe(200));
    expect((await post(gateway, '/commands/later/pay', { amount: 2 })).status).toBe(202);
    await eventually(() => expect(handled).toEqual([{ amount: 2 }]));
  });
});

test('a consumer that the broker cancels attaches again, with queue and bindings', async () => {
  const handled: unknown[] = [];
  const handlers = [pay((payload) => handled.push(payload))];
  const gateway = await runGateway({ service: 'cancelled', broker: { url: vhost.url }, handlers });
  const noticed = eventually(async () => expect((await readiness(gateway)).status).toBe(503));
  await Promise.all([noticed, vhost.deleteQueue('distributed_cancelled')]);
  await eventually(async () => expect((await readiness(gateway)).status).toBe(200));
  expect((await post(gateway, '/commands/cancelled/pay', 1)).status).toBe(202);
  await eventually(() => expect(handled).toEqual([1]));
});

test('a lost exchange is declared again, and no outcome is unknown', async () => {
  const gateway = await runGateway({ service: 'exchange', broker: { url: vhost.url } });
  const channel = await openChannel(vhost.url);
  await channel.deleteExchange('ecotone.distributed');
  expect(await post(gateway, '/events/a', {})).toMatchObject({
    status: 503,
    body: { code: 'not-bound', outcome: 'not-accepted' },
  });
  await eventually(async () => expect((await post(gateway, '/events/a', {})).status).toBe(202));
});

test('its connections bear the name of the service', async () => {
  await runGateway({ service: 'named', broker: { url: vhost.url } });
  await eventually(async () => {
    const names = (await vhost.connections()).map(({ connectionName }) => connectionName);
    expect(names.filter((name) => name === 'littoral:named')).toHaveLength(2);
  });
});
