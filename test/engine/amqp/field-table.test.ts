import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTable, encodedFields, encodeField } from '../../../src/engine/amqp/field-table.ts';
import { anyText } from '../../arbitraries.ts';
import { rawField } from './arbitrary-raw.ts';
import { tableOf } from './raw-message.ts';
import { nestedTables } from './raw-publish.ts';

const anyTable = fc
  .dictionary(fc.oneof(fc.constantFrom('__proto__', 'constructor', ''), fc.string({ maxLength: 20 })), rawField)
  .map(tableOf);

describe('a table', () => {
  test('can be read and split, whatever it holds', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const fields = encodedFields(table);
        expect(Buffer.concat([...fields.values()])).toEqual(table);
        expect(Object.keys(decodeTable(table)).sort()).toEqual([...fields.keys()].sort());
      }),
    );
  });

  test('is rejected wherever it is cut off, and nothing behind it is read', () => {
    fc.assert(
      fc.property(anyTable, fc.nat(), (table, cut) => {
        const length = table.length === 0 ? 0 : cut % table.length;
        const fields = encodedFields(table);
        const boundaries = new Set([0]);
        let end = 0;
        for (const field of fields.values()) {
          end += field.length;
          boundaries.add(end);
        }
        // Within the bytes of a larger buffer, as in a frame.
        const part = Buffer.concat([table.subarray(0, length), Buffer.alloc(300, 0x56)]).subarray(0, length);
        if (boundaries.has(length)) expect(() => decodeTable(part)).not.toThrow();
        else expect(() => decodeTable(part)).toThrow();
      }),
    );
  });

  test('of tables nested deeper than the stack is refused', () => {
    expect(() => decodeTable(nestedTables(100_000))).toThrow(RangeError);
  });

  test('is rejected if it has an unknown type', () => {
    expect(() => decodeTable(Buffer.from('\u0001aL'))).toThrow(TypeError);
  });

  test('gives a header of the name __proto__ as any other', () => {
    const fields = decodeTable(tableOf(Object.fromEntries([['__proto__', 't:01']])));
    expect(Object.entries(fields)).toEqual([['__proto__', true]]);
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
  });
});

describe('a field', () => {
  const value = fc.oneof(
    anyText,
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((integer) => !Number.isSafeInteger(Number(integer))),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(fc.oneof(anyText, fc.maxSafeInteger())),
    fc.dictionary(
      fc.string({ maxLength: 20 }).filter((name) => name !== '__proto__'),
      anyText,
      { noNullPrototype: true },
    ),
  );

  test('is read as it was written', () => {
    fc.assert(
      fc.property(value, (sent) => {
        expect(decodeTable(encodeField('name', sent))).toEqual({ name: sent });
      }),
    );
  });

  test.each([
    ['an integer', 7, 'l'],
    ['an integer that only a bigint holds', 2n ** 60n, 'l'],
    ['a fraction', 1.5, 'd'],
    ['an integer that is not exact', 1e20, 'd'],
    ['text', 'a', 'S'],
  ])('has a type of its own if it is %s', (_, sent, type) => {
    expect(encodeField('a', sent).toString('latin1', 2, 3)).toBe(type);
  });

  test.each([
    ['beyond 64 bits', 2n ** 63n],
    ['that is no number', Number.NaN],
    ['that is infinite', Number.POSITIVE_INFINITY],
    ['that is a function', () => {}],
    ['that holds a symbol', [Symbol('a')]],
  ])('%s is refused', (_, sent) => {
    expect(() => encodeField('a', sent)).toThrow();
  });

  test('is rejected if its name is longer than 255 bytes', () => {
    expect(() => encodeField('ü'.repeat(128), 1)).toThrow(TypeError);
  });
});
