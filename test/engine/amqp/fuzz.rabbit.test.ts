import { type ConfirmChannel, connect, type Options } from 'amqplib';
import fc from 'fast-check';
import { defineCommandHandler, defineEventHandler, header, headers, payload } from 'littoral';
import Type from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyText } from '../../arbitraries.ts';
import type { Broker } from '../../broker/broker.ts';
import { eventually } from '../../broker/eventually.ts';
import { startBroker } from '../../broker/start-broker.ts';
import { createVhost, type Vhost } from '../../broker/vhost.ts';
import { runGateway } from '../../flow/gateway-fixture.ts';

// A broker of its own: it may not survive what comes here, and other tests need theirs.
let broker: Broker;
let vhost: Vhost;
beforeAll(async () => {
  broker = await startBroker();
  vhost = await createVhost(broker);
});
afterAll(() => broker.close());

const name = fc.oneof(
  fc.constantFrom('id', 'correlationId', 'parentId', 'timestamp', 'priority', 'contentType', 'timeToLive'),
  fc.constantFrom('deliveryDelay', 'routingSlip', '__TypeId__', 'replyChannel', 'polledChannelName', 'traceparent'),
  fc.constantFrom('ecotone_retry_number', 'x-delivery-count', 'x-first-death-queue', 'x-littoral-delay-3'),
  fc.constantFrom('x-littoral-endpoint', 'x-littoral-attempts', 'x-littoral-queue', 'x-littoral-published-key'),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', '0', '-1', ''),
  // At most 255 bytes.
  fc.string({ unit: 'binary', maxLength: 20 }),
);

const typed = (type: string, value: fc.Arbitrary<unknown>) => value.map((inner) => ({ '!': type, value: inner }));
// RabbitMQ itself ends the connection of who sends it a number that is none.
const finite = { noNaN: true, noDefaultInfinity: true };
const signed = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const unsigned = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });

/** A value of every type that AMQP has, in the notation of amqplib. */
const { fieldValue } = fc.letrec((tie) => ({
  fieldValue: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    anyText,
    fc.constantFrom('billing', 'change', 'order.placed', '__proto__', '[{"a":'),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
    typed('int8', signed(8)),
    typed('uint8', unsigned(8)),
    typed('int16', signed(16)),
    typed('uint16', unsigned(16)),
    typed('int32', signed(32)),
    typed('uint32', unsigned(32)),
    typed('int64', fc.maxSafeInteger()),
    typed('float', fc.float(finite)),
    typed('double', fc.double(finite)),
    typed('timestamp', fc.maxSafeNat()),
    typed('decimal', fc.record({ places: unsigned(8), digits: unsigned(31) })),
    fc.array(tie('fieldValue'), { maxLength: 3 }),
    typed('object', fc.dictionary(name, tie('fieldValue'), { maxKeys: 3, noNullPrototype: true })),
  ),
}));

// No array of anything but tables: of that, the part of RabbitMQ dies that dead-letters at least once, for the whole
// node.
const xDeath = fc.oneof(
  fieldValue.filter((value) => !Array.isArray(value)),
  fc.array(
    typed(
      'object',
      fc.dictionary(
        fc.oneof(fc.constantFrom('queue', 'reason', 'count', 'exchange', 'routing-keys', 'time'), name),
        fc.oneof(fieldValue, fc.constantFrom('expired', 'rejected', 'distributed_billing')),
        { maxKeys: 6, noNullPrototype: true },
      ),
    ),
    { maxLength: 3 },
  ),
);

const often = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: usual as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: fieldValue });

/** Like headers of the bus, so that they get further than the first check, with some of them replaced by anything. */
const table = fc
  .tuple(
    fc.record({
      'ecotone.distributed.payloadType': often(fc.constantFrom('command', 'event', 'message')),
      'ecotone.distributed.routingKey': often(fc.constantFrom('change', 'any', 'order.placed', 'order.', '*', '')),
    }),
    fc.record(
      {
        'ecotone.distributed.targetServiceName': often(fc.constant('billing')),
        'ecotone.amqp.distributed.service_target': often(fc.constantFrom('billing', 'order.placed', 'nobody')),
        executorId: fieldValue,
        'x-death': xDeath,
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(name, fieldValue, { maxKeys: 4, noNullPrototype: true }),
  )
  .map(([bus, more, any]) => ({ ...any, ...more, ...bus }));

const shortText = fc.string({ unit: 'binary', maxLength: 20 });
const contentType = fc.constantFrom(
  'application/json',
  'application/vnd.a+json',
  'text/plain; charset=utf-16le',
  'text/xml',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
  'application/x-php-serialized',
  'image/png',
  'json',
);

/**
 * Every property but those by which RabbitMQ itself refuses a publish: another's user id, an expiration that is none.
 */
const properties = fc.record(
  {
    contentType: fc.oneof({ weight: 5, arbitrary: contentType }, shortText),
    contentEncoding: fc.oneof(fc.constantFrom('gzip', 'utf-8'), shortText),
    deliveryMode: fc.constantFrom(1, 2),
    priority: unsigned(8),
    correlationId: shortText,
    replyTo: shortText,
    messageId: shortText,
    timestamp: fc.maxSafeNat(),
    type: shortText,
    appId: shortText,
    expiration: fc.constantFrom('0', '1', '60000'),
  },
  { requiredKeys: [] },
);

const body = fc
  .oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.json().map((text) => Buffer.from(text)),
    anyText.map((text) => Buffer.from(text)),
    fc
      .constantFrom('<a><b c="d">e</b></a>', 'a=1&a=%20', '{"personId":"1"}', '{"__proto__":{"a":1}}', '[[[]]]', '')
      .map((text) => Buffer.from(text)),
  )
  .map((bytes) => Buffer.from(bytes));

const arrival = fc.record({
  to: fc.constantFrom('distributed_billing', 'distributed_billing', 'littoral_billing_due', 'bus'),
  table,
  properties,
  body,
});

type Arrival = typeof arrival extends fc.Arbitrary<infer Value> ? Value : never;

/** What may be acknowledged and nothing more: an event that nobody here listens to, what is for another service. */
function mayBeIgnored({ to, table }: Arrival): boolean {
  const sent: Readonly<Record<string, unknown>> = table;
  const target = sent['ecotone.distributed.targetServiceName'] ?? sent['ecotone.amqp.distributed.service_target'];
  // A target that is not text leaves the key under which the message was published.
  const published = sent['x-littoral-published-key'];
  const named = typeof target === 'string' ? target : published;
  const isEvent = sent['ecotone.distributed.payloadType'] === 'event';
  const isForOthers = typeof named === 'string' && named !== 'billing';
  // What is due goes on to whom it names, and may arrive there twice or not at all.
  return isEvent || isForOthers || to === 'littoral_billing_due';
}

test('whatever AMQP can express is handled or a dead letter, and the next good message is handled', async () => {
  const handled = new Set<unknown>();
  const note = ({ all }: { all: Readonly<Record<string, unknown>> }) => void handled.add(all.mark);
  const gateway = await runGateway({
    service: 'billing',
    broker: { url: vhost.url },
    // A message without a handler becomes a dead letter at once.
    unhandled: { graceMs: 0 },
    handlers: [
      defineCommandHandler({
        routingKey: 'change',
        distributed: true,
        parameters: { change: payload(Type.Object({ personId: Type.String() })), all: headers() },
        handle: note,
      }),
      defineCommandHandler({
        routingKey: 'any',
        distributed: true,
        parameters: {
          any: payload(),
          all: headers(),
          executorId: header('executorId', Type.Optional(Type.String())),
        },
        handle: note,
      }),
      defineEventHandler({
        routingKey: 'order.*',
        distributed: true,
        parameters: { any: payload(), all: headers() },
        handle: note,
      }),
    ],
  });
  const connection = await connect(vhost.url);
  const channel = await connection.createConfirmChannel();
  let marks = 0;

  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { minLength: 10, maxLength: 40 }), async (arrivals) => {
      const mustArrive = new Set<string>();
      for (const each of arrivals) {
        const mark = `m-${++marks}`;
        publish(channel, each, mark);
        if (!mayBeIgnored(each)) mustArrive.add(mark);
      }
      const good = `m-${++marks}`;
      const headersOfGood = {
        'ecotone.distributed.payloadType': 'command',
        'ecotone.distributed.routingKey': 'change',
        'ecotone.distributed.targetServiceName': 'billing',
        mark: good,
      };
      const goodBody = Buffer.from('{"personId":"1"}');
      channel.publish('', 'distributed_billing', goodBody, { contentType: 'application/json', headers: headersOfGood });
      await channel.waitForConfirms();
      await eventually(() => expect(handled).toContain(good));
      await eventually(async () => {
        const queues = (await vhost.queues()).filter(({ name }) => !name.endsWith('_dead_letter'));
        expect(queues.filter(({ messages }) => messages > 0)).toEqual([]);
      });
      const dead = new Set<unknown>();
      await eventually(async () => {
        await takeMarks(channel, dead);
        expect([...mustArrive].filter((mark) => !handled.has(mark) && !dead.has(mark))).toEqual([]);
      });
      expect((await fetch(`${gateway.address}/readyz`)).status).toBe(200);
    }),
    // Each smaller counterexample can take as long as `eventually` waits: report the best before the time limit of the test.
    { numRuns: 20, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
  );
  await connection.close();
});

function publish(
  channel: ConfirmChannel,
  { to, table, properties: given, body: content }: Arrival,
  mark: string,
): void {
  const [exchange, key] = to === 'bus' ? ['ecotone.distributed', 'billing'] : ['', to];
  channel.publish(exchange, key, content, { ...(given as Options.Publish), headers: { ...table, mark } });
}

async function takeMarks(channel: ConfirmChannel, marks: Set<unknown>): Promise<void> {
  for (;;) {
    const message = await channel.get('distributed_billing_dead_letter', { noAck: true });
    if (!message) return;
    marks.add(message.properties.headers?.mark);
  }
}
