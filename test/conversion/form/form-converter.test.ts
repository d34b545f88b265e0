import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../../src/schema/schema-check.ts';
import { anyText } from '../../arbitraries.ts';
import { caught, everythingIn } from '../../caught.ts';
import { convert, decode, encode } from '../convert.ts';

const form = 'application/x-www-form-urlencoded';

describe('a form is decoded', () => {
  test.each<[string, unknown]>([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2&a=', { a: ['1', '2', ''] }],
    ['a', { a: '' }],
    ['&&a=1&', { a: '1' }],
    ['=x', { '': 'x' }],
    ['a=b=c', { a: 'b=c' }],
    ['a+b=c+d', { 'a b': 'c d' }],
    ['a=%2B%26%3D%20', { a: '+&= ' }],
    ['%C5%BC=%E2%9C%93', { ż: '✓' }],
    ['ż=✓', { ż: '✓' }],
    ['a[b]=1', { 'a[b]': '1' }],
    ['a=%00', { a: '\u0000' }],
    ['\ufeffa=1&\ufeffb=\ufeff', { a: '1', '\ufeffb': '\ufeff' }],
  ])('%j', (text, value) => {
    expect({ ...(decode(text, form) as object) }).toEqual(value);
  });

  test('keeps fields that are named like members of every object', () => {
    const value = decode('__proto__=x&constructor=y&toString=z&__proto__=w', form) as Record<string, unknown>;
    expect(Object.entries(value)).toEqual([
      ['__proto__', ['x', 'w']],
      ['constructor', 'y'],
      ['toString', 'z'],
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('into what a schema accepts', () => {
    const { check } = compileSchema(Type.Object({ a: Type.String(), b: Type.Array(Type.String()) }));
    expect(check(decode('a=1&b=2&b=3', form))).toBe(true);
  });

  test('as UTF-8, whatever its charset claims', () => {
    expect({ ...(decode('a=é', `${form}; charset=latin1`) as object) }).toEqual({ a: 'é' });
  });

  test('reads as many fields as there are', () => {
    const text = Array.from({ length: 5000 }, (_, index) => `k${index}=1`).join('&');
    expect(Object.keys(decode(text, form) as object)).toHaveLength(5000);
  });
});

describe('what is not a form is refused', () => {
  test.each(['a=%', 'a=%2', 'a=%zz', '%=1', 'a=%ff', 'a=%C5', 'a=1&b=%E0%A4%A'])('%s', async (text) => {
    const error = await caught(() => decode(text, form));
    expect(error).toMatchObject({
      code: 'malformed-body',
      message: expect.stringContaining('broken percent-encoding'),
    });
  });

  test('rejects bytes that are not UTF-8', async () => {
    expect(await caught(() => decode(Uint8Array.from([0x61, 0x3d, 0xff]), form))).toMatchObject({
      code: 'malformed-body',
    });
  });

  test('quotes no part of it', async () => {
    expect(everythingIn(await caught(() => decode('password=hunter2%', form)))).not.toMatch(/hunter2|password/);
  });
});

describe('a value is written as a form', () => {
  test.each<[unknown, string]>([
    [{}, ''],
    [{ a: 'b c', 'ż&': '=✓' }, 'a=b%20c&%C5%BC%26=%3D%E2%9C%93'],
    [{ n: 1.5, yes: true, no: false }, 'n=1.5&yes=true&no=false'],
    [{ a: ['1', 2] }, 'a=1&a=2'],
  ])('%j', (value, text) => {
    expect(encode(value, form)).toBe(text);
  });

  test.each<[string, unknown]>([
    ['a text', 'a=1'],
    ['null', null],
    ['a list', [1]],
    ['a field of null', { hunter2: null }],
    ['a nested object', { hunter2: { b: 1 } }],
    ['a nested list', { hunter2: [[1]] }],
    ['a number that is none', { hunter2: Number.NaN }],
    ['a lone surrogate', { a: 'hunter2\ud800' }],
    ['a lone surrogate in a list', { a: ['hunter2\ud800'] }],
    ['a lone surrogate in a name', { 'hunter2\ud800': '1' }],
    ['a date that is none', new Date(Number.NaN)],
    ['a map', new Map([['hunter2', 1]])],
  ])('rejects %s', async (_, value) => {
    const error = await caught(() => encode(value, form));
    expect(error.code).toBe('not-convertible');
    expect(everythingIn(error)).not.toContain('hunter2');
  });

  test('rejects bytes, whose meaning is unknown', async () => {
    expect(await caught(() => encode(Buffer.from('ab'), form))).toMatchObject({ code: 'unsupported-media-type' });
  });
});

test('a form becomes JSON, and JSON a form', () => {
  expect(convert('personId=123&tag=a&tag=b', form, 'application/json')).toBe('{"personId":"123","tag":["a","b"]}');
  expect(convert('{"personId":"123","tag":["a","b"]}', 'application/json', form)).toBe('personId=123&tag=a&tag=b');
});

test('fields of text, and lists of at least two, survive being written and read', () => {
  const text = anyText;
  const field = fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 5 }));
  fc.assert(
    fc.property(fc.dictionary(text, field, { noNullPrototype: true }), (value) => {
      // A form has no way to say that there is one field without name and value.
      fc.pre(value[''] !== '');
      expect({ ...(decode(encode(value, form), form) as object) }).toEqual(value);
    }),
  );
});
