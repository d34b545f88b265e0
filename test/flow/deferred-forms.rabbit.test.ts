import { type ChannelModel, connect } from 'amqplib';
import fc from 'fast-check';
import { defineCommandHandler } from 'littoral';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { rawField, rawProperties } from '../engine/amqp/arbitrary-raw.ts';
import { publishRaw, type RawMessage, sized, watchMessages } from '../engine/amqp/raw-message.ts';
import { runGateway } from './gateway-fixture.ts';

const vhost = useVhost();

let connection: ChannelModel;
beforeAll(async () => {
  connection = await connect(vhost.url);
  await connection.createChannel();
});
afterAll(() => connection.close());

const chosen = fc.record({
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), rawField, { minKeys: 3, maxKeys: 8 }),
  properties: rawProperties,
});

test('a message that is deferred until its grace period ends keeps the type and the bytes of every header', async () => {
  await runGateway({
    service: 'billing',
    broker: { url: vhost.url },
    unhandled: { commands: 'defer', graceMs: 1500 },
    handlers: [defineCommandHandler({ routingKey: 'other', distributed: true, handle() {} })],
  });
  const sent = new Map<unknown, RawMessage>();
  for (const { headers, properties } of fc.sample(chosen, 30)) {
    const mark = sized('S', `m-${sent.size}`);
    const command = {
      'ecotone.distributed.payloadType': sized('S', 'command'),
      'ecotone.distributed.routingKey': sized('S', 'refund'),
      'ecotone.distributed.targetServiceName': sized('S', 'billing'),
    };
    const message = { properties, headers: { ...headers, ...command, mark }, body: Buffer.from('"a"') };
    sent.set(mark, message);
    publishRaw(connection, 1, { routingKey: 'distributed_billing' }, message);
  }
  const letters = 'distributed_billing_dead_letter';
  await eventually(async () => expect(await vhost.messages(letters)).toBe(sent.size), { timeoutMs: 60_000 });
  const received = watchMessages(connection);
  const consuming = await connection.createChannel();
  await consuming.consume(letters, () => {}, { noAck: true });
  await eventually(() => expect(received).toHaveLength(sent.size));
  for (const { headers, body } of received) {
    const original = sent.get(headers.mark) as RawMessage;
    expect(headers).toMatchObject(original.headers);
    expect(headers).toMatchObject({ 'x-littoral-reason': sized('S', 'unhandled') });
    expect(Object.keys(headers).filter((name) => name.includes('defer'))).toEqual([]);
    expect(body).toEqual(original.body);
  }
});
