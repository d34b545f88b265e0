import { gzipSync } from 'node:zlib';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import fc from 'fast-check';
import { defineCommandHandler, type MessageHeaders, Reject } from 'littoral';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { rawField, rawProperties } from '../engine/amqp/arbitrary-raw.ts';
import { publishRaw, type RawField, type RawMessage, sized, watchMessages } from '../engine/amqp/raw-message.ts';
import { post, type RunningGateway, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const deadLetterQueue = 'distributed_billing_dead_letter';

let connection: ChannelModel;
let channel: Channel;
beforeAll(async () => {
  connection = await connect(vhost.url);
  channel = await connection.createChannel();
});
afterAll(() => connection.close());

const command: Readonly<Record<string, RawField>> = {
  'ecotone.distributed.payloadType': sized('S', 'command'),
  'ecotone.distributed.routingKey': sized('S', 'fail'),
  'ecotone.distributed.targetServiceName': sized('S', 'billing'),
};

const seen: MessageHeaders[] = [];

/** A service whose only handler sends a command on, and fails: its messages are tried again once, then dead letters. */
function failingService(): Promise<RunningGateway> {
  const fail = defineCommandHandler({
    routingKey: 'fail',
    distributed: true,
    retries: { maxAttempts: 1, initialDelayMs: 1 },
    async handle(_payload, headers, { distributedBus }) {
      seen.push(headers);
      await distributedBus.publishEvent('heard', '{}', 'application/json');
      throw new Error('as always');
    },
  });
  return runGateway({ service: 'billing', broker: { url: vhost.url }, handlers: [fail] });
}

async function count(queue: string): Promise<number> {
  return vhost.messages(queue);
}

/** What a queue holds, as it stands on the wire. It is empty afterwards. */
async function takeAll(queue: string, expected: number): Promise<readonly RawMessage[]> {
  await eventually(async () => expect(await count(queue)).toBe(expected));
  const other = await connect(vhost.url);
  try {
    const received = watchMessages(other);
    const consuming = await other.createChannel();
    await consuming.consume(queue, () => {}, { noAck: true });
    await eventually(() => expect(received).toHaveLength(expected));
    return received;
  } finally {
    await other.close();
  }
}

/** Has every dead letter replayed, and waits until all of them have failed once more. */
async function replayAll(gateway: RunningGateway, letters: number): Promise<void> {
  const calls = seen.length;
  expect((await post(gateway, '/dead-letters/replay', {})).body).toEqual({ replayed: letters, failed: 0 });
  await eventually(() => expect(seen.length).toBe(calls + 2 * letters));
  await eventually(async () => expect(await count(deadLetterQueue)).toBe(letters));
}

/** An integer as a field of a header table. */
function int64(value: unknown): string {
  return `l:${(value as number).toString(16).padStart(16, '0')}`;
}

const chosen = fc.record({
  headers: fc.dictionary(
    fc.oneof(fc.constantFrom('due', '__proto__', 'constructor', 'amount'), fc.string({ minLength: 1, maxLength: 12 })),
    rawField,
    { minKeys: 3, maxKeys: 8 },
  ),
  properties: rawProperties,
});

describe('a message that is delayed, retried, dead-lettered and replayed', () => {
  test('keeps the type and the bytes of every header, and its properties', async () => {
    await channel.assertQueue('audit', { durable: true });
    await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
    await channel.bindQueue('audit', 'ecotone.distributed', 'heard');
    const gateway = await failingService();
    let marks = 0;
    const sent = new Map<string, RawMessage>();

    await fc.assert(
      fc.asyncProperty(fc.array(chosen, { minLength: 12, maxLength: 12 }), async (batch) => {
        sent.clear();
        for (const { headers, properties } of batch) {
          const mark = `m-${++marks}`;
          const message = {
            properties,
            headers: { ...headers, ...command, mark: sized('S', mark) },
            body: Buffer.from('"a"'),
          };
          sent.set(message.headers.mark as string, message);
          publishRaw(connection, 1, { routingKey: 'distributed_billing' }, message);
        }
        await eventually(async () => expect(await count(deadLetterQueue)).toBe(batch.length));
        await replayAll(gateway, batch.length);

        const letters = await takeAll(deadLetterQueue, batch.length);
        for (const letter of letters) {
          const original = sent.get(letter.headers.mark as string) as RawMessage;
          expect(letter.headers).toMatchObject(original.headers);
          const { priority, ...properties } = movedProperties(original);
          expect(letter.properties).toEqual({ ...letter.properties, ...properties });
          // As a property it would reorder the dead letters.
          expect(letter.properties).not.toHaveProperty('priority');
          expect(letter.headers['x-littoral-priority']).toBe(priority === undefined ? undefined : int64(priority));
          expect(letter.body).toEqual(original.body);
        }
        // Each of four calls has sent one on.
        for (const { headers } of await takeAll('audit', 4 * batch.length)) {
          const original = sent.get(headers.mark as string) as RawMessage;
          const inherited = Object.entries(headers).filter(([name]) => Object.hasOwn(original.headers, name));
          for (const [name, field] of inherited) {
            if (!(name in command)) expect([name, field]).toEqual([name, original.headers[name]]);
          }
        }
      }),
      // What a failed run leaves in the queues would confuse the next.
      { numRuns: 3, endOnFailure: true },
    );
  });
});

describe('what must not be a property of a moved message', () => {
  const properties = { user_id: 'guest', delivery_mode: 1, priority: 9, reply_to: 'answers', cluster_id: 'east' };

  test('stays a header of the same name, and the channel stays open', async () => {
    seen.length = 0;
    await failingService();
    const message = { properties, headers: command, body: Buffer.from('"a"') };
    publishRaw(connection, 1, { routingKey: 'distributed_billing' }, message);
    await eventually(async () => expect(await count(deadLetterQueue)).toBe(1));

    const expected = { amqp_userId: 'guest', amqp_deliveryMode: 1, priority: 9, amqp_priority: 9 };
    expect(seen).toMatchObject([expected, expected]);
    const [letter] = await takeAll(deadLetterQueue, 1);
    expect(letter?.properties).toMatchObject({ reply_to: 'answers', cluster_id: 'east', delivery_mode: 2 });
    expect(letter?.properties).not.toHaveProperty('priority');
    expect(letter?.properties).not.toHaveProperty('user_id');
    expect(letter?.headers).toMatchObject({ amqp_userId: sized('S', 'guest'), 'x-littoral-priority': int64(9) });
  });

  test('is the direct reply to a caller, whose address stays', async () => {
    seen.length = 0;
    await failingService();
    const caller = await connection.createChannel();
    await caller.consume('amq.rabbitmq.reply-to', () => {}, { noAck: true });
    const options = { replyTo: 'amq.rabbitmq.reply-to', contentType: 'application/json' };
    const headers = Object.fromEntries(Object.entries(command).map(([name, field]) => [name, textOf(field)]));
    caller.publish('', 'distributed_billing', Buffer.from('"a"'), { ...options, headers });
    const [letter] = await takeAll(deadLetterQueue, 1);
    expect(letter?.properties.reply_to).toMatch(/^amq\.rabbitmq\.reply-to\../);
    expect(seen.map(({ amqp_replyTo }) => amqp_replyTo)).toEqual(Array(2).fill(letter?.properties.reply_to));
    await caller.close();
  });
});

test('a compressed body is decompressed for its handler, and stays compressed in its dead letter', async () => {
  const payloads: unknown[] = [];
  const fail = defineCommandHandler({
    routingKey: 'fail',
    distributed: true,
    handle(payload) {
      payloads.push(payload);
      throw new Reject('as always');
    },
  });
  const gateway = await runGateway({ service: 'billing', broker: { url: vhost.url }, handlers: [fail] });
  const properties = { content_type: 'application/json', content_encoding: 'gzip' };
  const body = gzipSync('{"a":1}');
  publishRaw(connection, 1, { routingKey: 'distributed_billing' }, { properties, headers: command, body });
  await eventually(async () => expect(await count(deadLetterQueue)).toBe(1));
  expect(payloads).toEqual([{ a: 1 }]);
  const { items } = (await (await fetch(`${gateway.address}/dead-letters`)).json()) as { items: { id: string }[] };
  const shown = await fetch(`${gateway.address}/dead-letters/${items[0]?.id}`);
  expect(await shown.json()).toMatchObject({ contentEncoding: 'gzip', payload: { text: '{"a":1}' } });
  expect(await takeAll(deadLetterQueue, 1)).toMatchObject([{ properties, body }]);
});

/** What stands behind the length of a long string. */
function textOf(field: RawField): string {
  return Buffer.from(field.slice(10), 'hex').toString();
}

/** What a move changes is documented: it makes every message persistent. */
function movedProperties({ properties }: RawMessage): RawMessage['properties'] {
  const { timestamp } = properties;
  return {
    ...properties,
    ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }),
    delivery_mode: 2,
  };
}
