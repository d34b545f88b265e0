import { type ConsumeMessage, connect } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { captured } from '../wire/captured-message.ts';
import { watchFieldTypes } from '../wire/field-types.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const batch = { 'content-type': 'application/cloudevents-batch+json' };

/** A queue of another service, as an Ecotone application declares it, and what arrives in it. */
async function subscribe(key: string) {
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  const types = watchFieldTypes(connection);
  const channel = await connection.createChannel();
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  const { queue } = await channel.assertQueue(`distributed_${key.split('.')[0]}`, { durable: true });
  await channel.bindQueue(queue, 'ecotone.distributed', key);
  const received: ConsumeMessage[] = [];
  await channel.consume(queue, (message) => message && received.push(message), { noAck: true });
  return { received, types };
}

function eventsOf(count: number, source: string, types: readonly string[]) {
  return Array.from({ length: count }, (_, index) => {
    const type = types[index % types.length];
    return { specversion: '1.0', id: `${index}`, source, type, data: { index, text: 'x'.repeat(index % 300) } };
  });
}

describe('batches of CloudEvents on RabbitMQ', () => {
  test('keep their order and are never refused for lack of room, while others publish as well', async () => {
    const { received } = await subscribe('stock.#');
    const gateway = await runGateway({ service: 'shop', broker: { url: vhost.url, maxInFlight: 10 } });
    const sources = ['/a', '/b', '/c'];
    const types = ['stock.moved', 'stock.counted', 'stock.sold'];
    let isDone = false;
    const statuses = new Set<number>();
    const others = Array.from({ length: 20 }, async () => {
      while (!isDone) statuses.add((await post(gateway, '/events/others', {})).status);
    });
    const answers = sources.map((source) => post(gateway, '/cloudevents', eventsOf(300, source, types), batch));
    for (const { status, body } of await Promise.all(answers)) {
      expect({ status, failed: body.results.filter((result: { code?: string }) => result.code) }).toEqual({
        status: 202,
        failed: [],
      });
    }
    await eventually(() => expect(statuses).toContain(429));
    isDone = true;
    await Promise.all(others);
    await eventually(() => expect(received).toHaveLength(900));
    for (const source of sources) {
      const own = received.filter(({ properties }) => properties.headers?.cloudEvents_source === source);
      expect(own.map(({ properties }) => Number(properties.headers?.cloudEvents_id))).toEqual(
        Array.from({ length: 300 }, (_, index) => index),
      );
    }
  });

  test('arrive at a PHP application as any other event', async () => {
    const { received, types } = await subscribe('order.#');
    const gateway = await runGateway({ service: 'php-billing', broker: { url: vhost.url } });
    const attributes = { specversion: '1.0', id: 'A 1', source: '/shop', type: 'order.placed', vip: true, retries: 3 };
    const body = `[${JSON.stringify(attributes).slice(0, -1)},"data":{"orderId":"o-1"}}]`;
    const answer = await post(gateway, '/cloudevents', JSON.parse(body), batch);
    expect(answer).toMatchObject({ status: 202, body: { channel: 'rabbitmq', results: [{ routed: true }] } });
    await eventually(() => expect(received).toHaveLength(1));
    const golden = captured('publishEvent');
    const { content, fields, properties } = received[0] as ConsumeMessage;
    expect(content.toString()).toBe(golden.body);
    expect(fields).toMatchObject({ exchange: golden.exchange, routingKey: golden.routingKey });
    expect(properties).toMatchObject({ contentType: golden.properties.content_type, deliveryMode: 2 });
    const headers = properties.headers ?? {};
    for (const [name, { type, value }] of Object.entries(golden.headers)) {
      if (name === 'ecotone.publish_batch_id') continue;
      expect(types[0]?.[name], name).toBe(type);
      if (!['id', 'correlationId', 'timestamp'].includes(name)) expect(headers[name], name).toBe(value);
    }
    const own = Object.entries(attributes).map(([name, value]) => [`cloudEvents_${name}`, value]);
    const beyond = Object.keys(headers).filter((name) => !Object.hasOwn(golden.headers, name));
    expect(headers).toMatchObject(Object.fromEntries(own));
    expect(beyond.sort()).toEqual([...own.map(([name]) => name), 'routingSlip'].sort());
  });
});
