import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, UnreadableNumbers } from '../../../src/conversion/json/parse-json.ts';
import { holdsLargeIntegers } from '../../../src/schema/large-integers.ts';
import { digits } from '../../arbitraries.ts';

function issues(text: string): readonly unknown[] {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof UnreadableNumbers) return error.issues.map(({ path, message }) => `${path} ${message}`);
    throw error;
  }
  throw new Error('it was read');
}

describe('an integer in JSON', () => {
  test.each<[string, unknown]>([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['1152921504606847000', 1152921504606847000n],
    [`1${'0'.repeat(400)}`, 10n ** 400n],
    ['-0', -0],
  ])('%s stays exact, as a number or as a BigInt', (text, value) => {
    expect(parseJson(text)).toBe(value);
    expect(parseJson(` [ ${text} ] `)).toEqual([value]);
    expect(parseJson(`{"a":{"b":[0,\n${text}]}}`)).toEqual({ a: { b: [0, value] } });
  });

  test('stays exact with every number of digits, wherever it stands', () => {
    const place = fc.constantFrom<[string, string]>(
      ['', ''],
      ['[', ']'],
      ['[1,', ',2]'],
      ['{"a":', '}'],
      ['{"a" : ', '\n}'],
      ['{"9007199254740993":"9007199254740993",\t"b":[[', ']]}'],
      ['["\\\\\\" 1e400, 9007199254740993",', ',"\\u005c"]'],
    );
    fc.assert(
      fc.property(digits, place, (text, [before, after]) => {
        const value = parseJson(`${before}${text}${after}`);
        const found: unknown[] = [];
        JSON.stringify(value, (_, inner) => {
          if (typeof inner === 'number' || typeof inner === 'bigint') found.push(inner);
          return typeof inner === 'bigint' ? 0 : inner;
        });
        expect(found.map(String)).toContain(text);
        expect(holdsLargeIntegers(value)).toBe(found.some((one) => typeof one === 'bigint'));
      }),
    );
  });

  test('of more than 10,000 digits is refused', () => {
    expect(parseJson('9'.repeat(10_000))).toBe(10n ** 10_000n - 1n);
    expect(issues(`[${'9'.repeat(10_001)}]`)).toEqual(['/0 has more than 10000 digits']);
  });
});

describe('a number with a fraction or an exponent', () => {
  test.each<[string, unknown]>([
    ['1.0', 1],
    ['0.1', 0.1],
    ['0.12345678901234567890', 0.12345678901234568],
    ['90071992547409.93', 90071992547409.94],
    ['1e3', 1000],
    ['1e23', 1e23],
    ['6.02214076E+23', 6.02214076e23],
    ['1.1805916207174113e+21', 2 ** 70],
    ['9007199254740992.0', 2 ** 53],
    ['1e-400', 0],
    ['1.7976931348623157e308', Number.MAX_VALUE],
  ])('is the nearest number: %s', (text, value) => {
    expect(parseJson(`[${text}]`)).toEqual([value]);
  });

  test.each<[string, bigint]>([
    ['9007199254740993.0', 9007199254740993n],
    ['9.007199254740993e15', 9007199254740993n],
    ['-90071992547409930e-1', -9007199254740993n],
    ['0.9007199254740993E+16', 9007199254740993n],
  ])('is an integer beyond 2^53 where it says more digits of one than a number has: %s', (text, value) => {
    expect(parseJson(`[${text}]`)).toEqual([value]);
  });

  test('is what JSON.parse makes of it, for every number that JavaScript writes', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential());
    fc.assert(
      fc.property(fc.array(number), (numbers) => {
        expect(parseJson(`[${numbers.join()}]`)).toEqual(numbers.map(Number));
      }),
    );
  });

  test.each(['1e400', '-1e400', '1E+400', '1.5e309', `1${'0'.repeat(400)}.5`, `${'1'.repeat(17)}e300`])(
    'is refused with its path where no number is as large: %.20s',
    (text) => {
      expect(issues(text)).toEqual([' is too large for a number']);
      expect(issues(`{"a":[1,{"b/c":${text}}]}`)).toEqual(['/a/1/b~1c is too large for a number']);
    },
  );
});

describe('what else stands in JSON', () => {
  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        const json = JSON.stringify([value, text, { [text]: text }]);
        const holder = `{"long":9007199254740993,"rest":${json}}`;
        expect((parseJson(holder) as { rest: unknown }).rest).toEqual(withBigInts(JSON.parse(json)));
      }),
    );
  });

  test.each([
    ['{"a":1,"a":9007199254740993}', { a: 9007199254740993n }],
    ['{"a":9007199254740993,"a":1}', { a: 1 }],
    ['["1e400", "9007199254740993"]', ['1e400', '9007199254740993']],
    [
      String.raw`[" , 9007199254740993\" , 1e400 \\", 9007199254740993]`,
      [' , 9007199254740993" , 1e400 \\', 9007199254740993n],
    ],
  ])('is read with its texts and equal keys: %s', (json, value) => {
    expect(parseJson(json)).toEqual(value);
  });

  test('is read with a key __proto__ as a field like any other', () => {
    const value = parseJson('{"__proto__":9007199254740993,"a":{"__proto__":{"b":9007199254740993}}}');
    expect(Object.entries(value as object)[0]).toEqual(['__proto__', 9007199254740993n]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('is read at 20,000 levels', () => {
    let value = parseJson(`${'['.repeat(20_000)}9007199254740993${']'.repeat(20_000)}`);
    while (Array.isArray(value)) value = value[0];
    expect(value).toBe(9007199254740993n);
  });
});

/** `fc.jsonValue` makes integers beyond 2^53 as well. */
function withBigInts(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21) {
    return BigInt(String(value));
  }
  if (Array.isArray(value)) return value.map(withBigInts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withBigInts(inner)]));
}
