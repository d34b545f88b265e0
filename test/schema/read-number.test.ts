import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBigInt, readInteger, readNumber } from '../../src/schema/read-number.ts';

describe('a text is read as a number', () => {
  test.each([
    ['7', 7],
    ['-1.5', -1.5],
    ['1e3', 1000],
    ['1E+3', 1000],
    ['1.50', 1.5],
    ['0.1', 0.1],
    ['0.10000000000000001', 0.1],
    ['0.000', 0],
    ['-0', -0],
    ['100', 100],
    ['12e-1', 1.2],
    ['9007199254740992', 2 ** 53],
    ['5e-324', 5e-324],
    ['1.7976931348623157e308', Number.MAX_VALUE],
  ])('%s', (text, value) => {
    expect(readNumber(text)).toBe(value);
  });

  test.each([
    '',
    ' ',
    ' 7',
    '7 ',
    '7\n',
    '+7',
    '007',
    '-',
    '.5',
    '5.',
    '0x10',
    '0b1',
    '1_000',
    '1,5',
    '7n',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e400',
    '1e-400',
    'null',
    'true',
    '٧',
    '9007199254740993',
    '1152921504606847000',
    '100000000000000000000000',
    '3.14159265358979323846',
    '0.1000000000000000000000000000001',
    '9'.repeat(400),
    `0.${'0'.repeat(500)}1`,
    '1'.repeat(10_000_000),
  ])('is rejected if something of it would be lost: %.40s', (text) => {
    expect(readNumber(text)).toBeUndefined();
  });

  test.each(['1470837470360516.2', '1.4708374703605162e+15', '1470837470360516.3', '-1470837470360516.20'])(
    'is read if its value lies in the middle of two texts of as many digits: %s',
    (text) => {
      expect(readNumber(text)).toBe(Number(text));
    },
  );

  test('reads every number from its own notation', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => value !== 0);
    fc.assert(
      fc.property(number, (value) => {
        expect(readNumber(value.toExponential())).toBe(value);
        expect(readNumber(value.toPrecision(17))).toBe(value);
      }),
    );
  });

  test.each(['1e23', '9.007199254740993e15', '1.5', '9007199254740993'])('reads no integer from %s', (text) => {
    expect(readInteger(text)).toBeUndefined();
  });

  test.each<[string, number]>([
    ['1e3', 1000],
    ['-7.0', -7],
    ['9007199254740992', 2 ** 53],
  ])('reads an integer from %s', (text, value) => {
    expect(readInteger(text)).toBe(value);
  });

  test('reads every integer of any size as a bigint', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(readBigInt(String(value))).toBe(value);
      }),
    );
  });

  test('reads an integer that a number cannot hold as a bigint alone', () => {
    const beyond = fc.bigInt({ min: 2n ** 53n }).filter((value) => BigInt(Number(value)) !== value);
    fc.assert(
      fc.property(beyond, (value) => {
        expect(readNumber(String(value))).toBeUndefined();
      }),
    );
  });

  test.each(['', '1.0', '1e3', ' 1', '01', '0x1', '1n', '9'.repeat(401)])('a bigint is not %.20s', (text) => {
    expect(readBigInt(text)).toBeUndefined();
  });
});
