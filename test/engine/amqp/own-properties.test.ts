import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toAmqp } from '../../../src/engine/amqp/amqp-message-mapper.ts';
import { decodeProperties } from '../../../src/engine/amqp/basic-properties.ts';
import { encodedFields } from '../../../src/engine/amqp/field-table.ts';
import { encodeOwnProperties } from '../../../src/engine/amqp/own-properties.ts';
import { Header } from '../../../src/message/message-headers.ts';
import { anyText } from '../../arbitraries.ts';
import { amqplibCodec } from './amqplib-codec.ts';

/** Bytes of a frame before the properties: its head, a class, a weight and the size of the body. One byte follows. */
const before = 19;

/** Returns the properties in the encoding of amqplib. */
function byAmqplib(headers: Record<string, unknown>, timeToLiveMs: number | undefined): Buffer {
  const { persistent: _, mandatory: __, ...properties } = toAmqp({ headers, body: Buffer.alloc(0) }, timeToLiveMs);
  const frame = amqplibCodec.encodeProperties(amqplibCodec.BasicProperties, 1, 0, { ...properties, deliveryMode: 2 });
  return frame.subarray(before, -1);
}

/** Returns the properties and the sorted bytes of the headers, because the order of headers has no meaning. */
function partsOf(encoded: Buffer): object {
  const { table, ...properties } = decodeProperties(encoded);
  const fields = [...encodedFields(table).values()].map((field) => field.toString('hex')).sort();
  return { flags: encoded.readUInt16BE(0), bytes: encoded.length, ...properties, fields };
}

const anyId = fc.oneof(anyText, fc.string({ minLength: 80, maxLength: 300 }), fc.constant('é'.repeat(130)));
const anyHeaders: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.dictionary(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((name) => name !== '__proto__'),
      fc.oneof(anyText, fc.boolean(), fc.maxSafeInteger(), fc.constant(undefined)),
    ),
    fc.record(
      {
        [Header.id]: anyId,
        [Header.correlationId]: anyId,
        [Header.contentType]: anyId,
        [Header.routingKey]: anyId,
        [Header.sourceServiceName]: anyId,
        [Header.timestamp]: fc.maxSafeInteger(),
        [Header.priority]: fc.integer({ min: -1, max: 256 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([own, known]) => ({ ...own, ...known }));

const extremes = [
  { value: -0, [Header.timestamp]: -0, [Header.priority]: 0 },
  { value: Number.MIN_SAFE_INTEGER, [Header.timestamp]: -1 },
  { '': '', [Header.id]: '', [Header.contentType]: '', [Header.routingKey]: '' },
  { '\ud800': 'lone \udfff', [Header.id]: '\ud800', [Header.correlationId]: '\ud800'.repeat(86) },
  { ['n'.repeat(255)]: true, [`${'é'.repeat(127)}n`]: false },
  { [Header.contentEncoding]: 'gzip', [Header.replyTo]: 'r', [Header.amqpExpiration]: '1', [Header.userId]: 'u' },
];

describe('the properties of a message from this process', () => {
  test('equal those that amqplib writes', () => {
    fc.assert(
      fc.property(
        anyHeaders,
        fc.option(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { nil: undefined }),
        (headers, ttl) => {
          const own = encodeOwnProperties({ headers, body: Buffer.alloc(0) }, ttl, false);
          expect(partsOf(own?.encoded ?? Buffer.alloc(2))).toEqual(partsOf(byAmqplib(headers, ttl)));
          expect(own?.messageId).toBe(toAmqp({ headers, body: Buffer.alloc(0) }, ttl).messageId);
        },
      ),
      { examples: extremes.map((headers): [Record<string, unknown>, undefined] => [headers, undefined]) },
    );
  });

  test.each([
    ['a number with a fraction', { value: 0.5 }],
    ['an integer beyond 2^53', { value: 2n ** 60n }],
    ['null', { value: null }],
    ['a date', { value: new Date(0) }],
    ['an object', { value: { inner: 1 } }],
    ['a name that is too long', { ['é'.repeat(130)]: 'a' }],
    ['headers that may not fit', { value: 'a'.repeat(40_000) }],
  ])('are not encoded if the message has %s', (_, headers) => {
    expect(encodeOwnProperties({ headers, body: Buffer.alloc(0) }, undefined, false)).toBeUndefined();
  });

  test('are not encoded if a priority is suspended', () => {
    const message = { headers: { [Header.priority]: 7 }, body: Buffer.alloc(0) };
    expect(encodeOwnProperties(message, undefined, true)).toBeUndefined();
    expect(encodeOwnProperties(message, undefined, false)).toBeDefined();
  });
});
