import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../arbitraries.ts';
import { caught, everythingIn } from '../../caught.ts';
import { decode, encode } from '../convert.ts';

const php = 'application/x-php-serialized';

describe('what PHP serialised is read', () => {
  test.each<[string, unknown]>([
    ['N;', null],
    ['b:1;', true],
    ['b:0;', false],
    ['i:-7;', -7],
    ['i:9223372036854775807;', 9223372036854775807n],
    ['d:1;', 1],
    ['d:0.1;', 0.1],
    ['d:1.0E+25;', 1e25],
    ['d:-INF;', Number.NEGATIVE_INFINITY],
    ['d:NAN;', Number.NaN],
    ['s:0:"";', ''],
    ['s:3:"ż/";', 'ż/'],
    ['s:7:"a";s:1:";', 'a";s:1:'],
    ['a:0:{}', []],
    ['a:2:{i:0;s:1:"a";i:1;s:1:"b";}', ['a', 'b']],
    ['a:2:{i:1;s:1:"a";i:0;s:1:"b";}', { 1: 'a', 0: 'b' }],
    ['a:1:{s:1:"a";a:1:{i:0;N;}}', { a: [null] }],
  ])('%s', (text, value) => {
    expect(decode(text, php)).toEqual(value);
  });

  test('accepts the slashes that Ecotone adds', () => {
    const file = new URL('../../fixtures/captures/no-jms.convertAndSendCommand.array.json', import.meta.url);
    const { messages } = JSON.parse(readFileSync(file, 'utf8'));
    expect(decode(messages[0].body, php)).toEqual({ customerId: 7, nested: { n: null, e: [], f: 1, u: 'ż/' } });
    expect(decode(`s:4:\\"\\'\\\\\\0\\"\\";`, php)).toBe('\'\\\0"');
  });

  test('keeps backslashes of its own', () => {
    expect(decode('a:2:{i:0;s:2:"\\"";i:1;s:1:"\\";}', php)).toEqual(['\\"', '\\']);
  });

  test('keeps keys that every object has', () => {
    const value = decode('a:2:{s:9:"__proto__";a:1:{s:1:"a";i:1;}s:11:"constructor";i:2;}', php);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"a":1},"constructor":2}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('keeps any text in it, with slashes and without', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const serialised = `a:1:{i:0;s:${Buffer.byteLength(text)}:"${text}";}`;
        expect(decode(serialised, php)).toEqual([text]);
        const slashed = serialised.replace(/['"\\]/g, '\\$&').replaceAll('\0', '\\0');
        expect(decode(slashed, php)).toEqual([text]);
      }),
    );
  });
});

describe('what PHP serialised is refused', () => {
  test.each([
    ['an object', 'O:8:"stdClass":0:{}'],
    ['an object in an array', 'a:1:{i:0;O:7:"hunter2":0:{}}'],
    ['an object that serialises itself', 'C:7:"hunter2":0:{}'],
    ['an enum', 'E:9:"hunter2:A";'],
    ['a reference', 'a:2:{i:0;i:1;i:1;R:2;}'],
    ['a reference to an object', 'a:2:{i:0;i:1;i:1;r:2;}'],
  ])('rejects %s', async (_, text) => {
    const error = await caught(() => decode(text, php));
    expect(error).toMatchObject({
      code: 'not-convertible',
      message: expect.stringContaining('only arrays and scalars'),
    });
    expect(everythingIn(error)).not.toContain('hunter2');
  });

  test.each([
    '',
    'hunter2',
    'N',
    'b:2;',
    'b:true;',
    'i:;',
    'i:01;',
    'i:1.5;',
    'i:9223372036854775808;',
    `i:${'9'.repeat(100_000)};`,
    'd:;',
    'd:0x1;',
    'd:-NAN;',
    's:1:"";',
    's:2:"a";',
    's:-1:"";',
    's:99999999999:"";',
    's:9999999999:"";',
    's:1:"ż";',
    's:1:"a"',
    'a:1:{}',
    'a:1:{i:0;N;',
    'a:-1:{}',
    'a:9999999999:{i:0;N;}',
    'a:1:{N;N;}',
    'a:1:{d:1;N;}',
    'a:0:{i:0;N;}',
    'i:1;i:2;',
    'i:1;\n',
    'S:1:"a";',
    's:1:\\"a\\";\\',
    `${'a:1:{i:0;'.repeat(100_000)}N;${'}'.repeat(100_000)}`,
    `${'a:1:{i:0;'.repeat(513)}N;${'}'.repeat(513)}`,
  ])('rejects a text that is %.40s', async (text) => {
    const error = await caught(() => decode(text, php));
    expect(error.code).toBe('malformed-body');
    expect(everythingIn(error)).not.toContain('hunter2');
  });

  test('whatever the bytes, with an error of its own', () => {
    const token = fc.constantFrom(
      'a:',
      'i:',
      's:',
      'd:',
      'b:',
      'N;',
      '1',
      '0',
      ':',
      ';',
      '{',
      '}',
      '"',
      '\\',
      'O:',
      'R:',
    );
    const text = fc.array(token, { maxLength: 30 }).map((tokens) => Buffer.from(tokens.join('')));
    fc.assert(
      fc.asyncProperty(fc.oneof(text, fc.uint8Array()), async (bytes) => {
        try {
          decode(bytes, php);
        } catch (error) {
          expect(['malformed-body', 'not-convertible']).toContain((await caught(() => Promise.reject(error))).code);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('nothing is written as PHP serialises it', async () => {
  expect(await caught(() => encode({}, php))).toMatchObject({ code: 'unsupported-media-type' });
});
