import fc from 'fast-check';
import { anyText } from '../../arbitraries.ts';
import { type RawField, type RawMessage, sized, tableOf } from './raw-message.ts';

/** Bytes that a value of so many may have, the extremes among them. */
const fixed = (type: string, size: number): fc.Arbitrary<RawField> =>
  fc
    .oneof(
      fc.uint8Array({ minLength: size, maxLength: size }),
      fc.constantFrom(0x00, 0x7f, 0x80, 0xff).map((byte) => Buffer.alloc(size, byte)),
    )
    .map((bytes): RawField => `${type}:${Buffer.from(bytes).toString('hex')}`);

// RabbitMQ itself ends the connection of who sends it a number that is none.
const finite = { noNaN: true, noDefaultInfinity: true };

/** An integer of 64 bits around the bounds of what a double holds exactly, and of its own. */
const int64 = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n),
  )
  .map((value): RawField => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return `l:${bytes.toString('hex')}`;
  });

const float = fc.float(finite).map((value): RawField => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return `f:${bytes.toString('hex')}`;
});

const double = fc.double(finite).map((value): RawField => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return `d:${bytes.toString('hex')}`;
});

const fieldName = fc.oneof(fc.constantFrom('a', 'due', '!', 'value', 'constructor'), fc.string({ maxLength: 20 }));

/** A header of every type that RabbitMQ has, with text that is not UTF-8 among them. */
export const { rawField } = fc.letrec<{ rawField: RawField }>((tie) => ({
  rawField: fc.oneof(
    { maxDepth: 3 },
    anyText.map((text) => sized('S', text)),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => sized('S', bytes)),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => sized('x', bytes)),
    fc.constantFrom<RawField>('t:00', 't:01', 'V:'),
    fixed('b', 1),
    fixed('B', 1),
    fixed('s', 2),
    fixed('u', 2),
    fixed('I', 4),
    fixed('i', 4),
    fixed('T', 8),
    fixed('D', 5),
    int64,
    float,
    double,
    fc.dictionary(fieldName, tie('rawField'), { maxKeys: 3 }).map((fields) => sized('F', tableOf(fields))),
    fc
      .array(tie('rawField'), { maxLength: 3 })
      .map((items) => sized('A', Buffer.concat(items.map((item) => tableOf({ '': item }).subarray(1))))),
  ),
}));

const shortText = fc.string({ unit: 'binary', maxLength: 20 });

/** Every property of those that a move keeps as properties. */
export const rawProperties: fc.Arbitrary<RawMessage['properties']> = fc.record(
  {
    content_type: fc.constantFrom('application/json', 'text/plain', 'image/png'),
    content_encoding: fc.constantFrom('identity', 'UTF-8'),
    delivery_mode: fc.constantFrom(1, 2),
    priority: fc.integer({ min: 0, max: 255 }),
    correlation_id: shortText,
    reply_to: shortText.filter((text) => !text.startsWith('amq.')),
    message_id: shortText,
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    type: shortText,
    app_id: shortText,
    cluster_id: shortText,
  },
  { requiredKeys: [] },
);
