import { type ChannelModel, connect, type GetMessage } from 'amqplib';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { defineCommandHandler } from '../../src/index.ts';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const queue = 'distributed_tickets';
const numbers = Array.from({ length: 20 }, (_, number) => number);

interface PhpApplication {
  readonly commands: GetMessage[];
  readonly events: GetMessage[];
}

/**
 * Polls the queue as Ecotone does, ten times a second. A command that it does not know fails, and is published to the end of
 * the queue again; an event that it does not know is acknowledged.
 */
async function runPhpApplication(): Promise<PhpApplication> {
  const connection: ChannelModel = await connect(vhost.url);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  await channel.assertQueue(queue, { durable: true });
  for (const key of ['tickets', 'ticket.sold']) await channel.bindQueue(queue, 'ecotone.distributed', key);
  const application: PhpApplication = { commands: [], events: [] };
  const handle = async (message: GetMessage) => {
    const { headers = {} } = message.properties;
    const key = headers['ecotone.distributed.routingKey'];
    if (key === 'php.print') application.commands.push(message);
    else if (key === 'ticket.sold') application.events.push(message);
    else if (headers['ecotone.distributed.payloadType'] !== 'event') {
      channel.publish('', queue, message.content, message.properties);
      await channel.waitForConfirms();
    }
    channel.ack(message);
  };
  let isEnding = false;
  const pollAll = async () => {
    for (let message = await channel.get(queue); message; message = await channel.get(queue)) {
      await handle(message);
      if (isEnding) return;
    }
  };
  let polling: Promise<void> | undefined;
  const timer = setInterval(() => {
    polling ??= pollAll().finally(() => {
      polling = undefined;
    });
  }, 100);
  onTestFinished(async () => {
    clearInterval(timer);
    isEnding = true;
    await polling;
    await connection.close();
  });
  return application;
}

test('messages that only a PHP application of the same name handles reach it', { timeout: 180_000 }, async () => {
  const php = await runPhpApplication();
  const handled: number[] = [];
  const log: Record<string, unknown>[] = [];
  await runGateway(
    {
      service: 'tickets',
      broker: { url: vhost.url, queueType: 'classic' },
      unhandled: { commands: 'defer' },
      handlers: [
        defineCommandHandler({
          routingKey: 'book',
          distributed: true,
          handle: (payload) => void handled.push((payload as { number: number }).number),
        }),
      ],
    },
    { logger: pino({ base: undefined }, { write: (line: string) => log.push(JSON.parse(line)) }) },
  );
  const shop = await runGateway({ service: 'shop', broker: { url: vhost.url } });
  for (const number of numbers) {
    await post(shop, '/commands/tickets/php.print', { number }, { 'message-header-tenant': 'a' });
    await post(shop, '/events/ticket.sold', { number });
    await post(shop, '/commands/tickets/book', { number });
  }
  const numbersOf = (messages: readonly GetMessage[]) =>
    messages.map(({ content }) => JSON.parse(content.toString()).number).toSorted((one, other) => one - other);
  await eventually(
    () => {
      expect(numbersOf(php.commands)).toEqual(numbers);
      expect(numbersOf(php.events)).toEqual(numbers);
      expect(handled.toSorted((one, other) => one - other)).toEqual(numbers);
    },
    { timeoutMs: 150_000 },
  );
  for (const { properties } of php.commands) {
    expect(properties).toMatchObject({ contentType: 'application/json', deliveryMode: 2, headers: { tenant: 'a' } });
  }
  expect(await waitingMessages(vhost.url, `${queue}_dead_letter`)).toEqual([]);
  const warned = log.filter(({ graceMs }) => graceMs !== undefined).map(({ routingKey }) => routingKey);
  expect(warned.toSorted()).toEqual(['php.print', 'ticket.sold']);
});
