import { describe, expect, test } from 'vitest';
import type { DistributedBus } from '../../src/bus/distributed-bus.ts';
import { Header } from '../../src/message/message-headers.ts';
import { isReservedHeader } from '../../src/message/reserved-headers.ts';
import { type CapturedMessage, captured } from '../wire/captured-message.ts';
import { type BusFixture, openBus, textOf } from './bus-fixture.ts';

/** What stands for the AMQP type of a header on the in-memory channel. */
const typeOf: Readonly<Record<string, string>> = { S: 'string', l: 'integer', I: 'integer', t: 'boolean', d: 'float' };

function typed(value: unknown): string {
  if (typeof value !== 'number') return typeof value;
  return Number.isInteger(value) ? 'integer' : 'float';
}

const key = 'billing.changeDetails';
const json = 'application/json';
const target = 'ts-gateway';

async function openPhpBilling(): Promise<BusFixture> {
  const fixture = await openBus({ service: 'php-billing' });
  await fixture.addService(target, 'order.placed');
  return fixture;
}

/** Headers that Ecotone sets for itself, or lets a caller set and littoral does not. */
const notOurs = ['ecotone.publish_batch_id', '__TypeId__', 'parentId', 'x-custom'];

function comparable({ headers }: CapturedMessage): [string, unknown][] {
  const own = Object.entries(headers).filter(([name]) => !notOurs.includes(name));
  return own.map(([name, { type, value }]) => [
    name,
    { type: typeOf[type], value: type === 't' ? Boolean(value) : value },
  ]);
}

const cases: [string, (bus: DistributedBus, message: CapturedMessage) => Promise<unknown>][] = [
  ['sendCommand', (bus, { body }) => bus.sendCommand(target, key, body, json)],
  ['sendCommand.default-media-type', (bus, { body }) => bus.sendCommand(target, key, body)],
  [
    'sendCommand.media-type-with-parameters',
    (bus, { body, properties }) => bus.sendCommand(target, key, body, String(properties.content_type)),
  ],
  [
    'sendCommand.metadata-scalars',
    (bus, message) => bus.sendCommand(target, key, message.body, json, metadataOf(message)),
  ],
  [
    'sendCommand.metadata-nested',
    (bus, { body }) =>
      bus.sendCommand(target, key, body, json, {
        list: [1, 'two', 3.5],
        map: { a: 1, b: { c: true } },
        withNull: { x: null, y: 1 },
        emptyArray: [],
        object: { orderId: 'o-9', amount: 5 },
        date: { toJSON: () => '2026-01-02T03:04:05+00:00' },
        stringable: {},
      }),
  ],
  ['sendCommand.priority', (bus, { body }) => bus.sendCommand(target, key, body, json, {}, { priority: 7 })],
  ['sendCommand.timeToLive', (bus, { body }) => bus.sendCommand(target, key, body, json, {}, { timeToLive: 60_000 })],
  [
    'sendCommand.metadata-correlation',
    (bus, message) =>
      bus.sendCommand(target, key, message.body, json, metadataOf(message), {
        correlationId: String(message.headers.correlationId?.value),
      }),
  ],
  [
    'convertAndSendCommand.object-metadata',
    (bus, { body }) => bus.convertAndSendCommand(target, key, JSON.parse(body), { executorId: 'user-1', attempt: 3 }),
  ],
  ['publishEvent', (bus, { body, routingKey }) => bus.publishEvent(routingKey, body, json)],
  [
    'convertAndPublishEvent.object',
    (bus, { body, routingKey }) => bus.convertAndPublishEvent(routingKey, JSON.parse(body)),
  ],
  [
    'sendMessage',
    (bus, message) => bus.sendMessage(target, 'billing.message', message.body, String(message.properties.content_type)),
  ],
  [
    'sendMessage.json-metadata',
    (bus, { body }) => bus.sendMessage(target, 'billing.message', body, json, { executorId: 'user-1', int: 5 }),
  ],
];

/** The headers that the caller in the capture set, without the integer that no JavaScript number is exact for. */
function metadataOf({ headers }: CapturedMessage): Record<string, unknown> {
  const own = Object.entries(headers).filter(([name]) => !isReservedHeader(name) && name !== 'big');
  return Object.fromEntries(own.map(([name, { type, value }]) => [name, type === 't' ? Boolean(value) : value]));
}

describe('what is sent has the headers, of the types and with the values, that Ecotone sent', () => {
  test.each(cases)('match for %s', async (name, send) => {
    const { bus, waiting } = await openPhpBilling();
    const message = captured(name);
    await send(bus, message);
    const [arrived] = waiting(target);
    const actual = Object.fromEntries(
      Object.entries(arrived?.headers ?? {}).map(([header, value]) => [header, { type: typed(value), value }]),
    );
    const expected = Object.fromEntries(comparable(message));
    // Ecotone's bus leaves it out, its service map does not.
    expected.routingSlip = { type: 'string', value: 'ecotone.distributed.invoke' };
    delete expected.big;
    // A whole number has no other type in JavaScript than an integer.
    if (expected.wholeFloat) expected.wholeFloat = { type: 'integer', value: 2 };
    // These are new for every message.
    for (const header of [Header.id, Header.timestamp]) expected[header] = { ...(actual[header] as object) };
    if (!name.includes('correlation')) expected.correlationId = actual.id;
    expect(actual).toEqual(expected);
    expect(actual.id?.type).toBe('string');
    expect(actual.timestamp?.type).toBe('integer');
    expect(JSON.parse(JSON.stringify(textOf(arrived as never)))).toBe(
      name.startsWith('convert') ? JSON.stringify(JSON.parse(message.body)) : message.body,
    );
  });
});
