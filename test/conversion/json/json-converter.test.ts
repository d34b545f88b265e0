import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactJson } from '../../arbitraries.ts';
import { caught, everythingIn } from '../../caught.ts';
import { convert, decode, encode } from '../convert.ts';

const json = 'application/json';

describe('JSON is decoded', () => {
  test.each([
    ['{"a":[1,null,"x"]}', { a: [1, null, 'x'] }],
    ['"text"', 'text'],
    [' 1.0 ', 1],
    ['null', null],
    [String.raw`"\u017c\/"`, 'ż/'],
    ['\ufeff{"a":1}', { a: 1 }],
    ['\ufeff\n[1]', [1]],
    ['"\ufeffx"', '\ufeffx'],
  ])('%s', (text, value) => {
    expect(decode(text, json)).toEqual(value);
  });

  test('as the last of several equal keys says', () => {
    expect(decode('{"a":1,"a":2}', json)).toEqual({ a: 2 });
  });

  test('keeps a key __proto__ as a field like any other', () => {
    const value = decode('{"__proto__":{"polluted":true}}', json) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value.polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('keeps lone surrogates', () => {
    expect(decode(String.raw`"\ud800"`, json)).toBe('\ud800');
  });

  test('at 20,000 levels', () => {
    const depth = 20_000;
    let value = decode(`${'['.repeat(depth)}${']'.repeat(depth)}`, json);
    let levels = 0;
    for (; Array.isArray(value); value = value[0]) levels += 1;
    expect(levels).toBe(depth);
  });

  test('as UTF-8, whatever its charset claims', () => {
    expect(decode('"é"', 'application/json; charset=latin1')).toBe('é');
  });

  test.each(['text/json', 'application/problem+json', 'Application/Vnd.Api+Json; v=1'])('as %s', (type) => {
    expect(decode('{"a":1}', type)).toEqual({ a: 1 });
  });
});

describe('what is not JSON is refused', () => {
  test.each([
    ['nothing', ''],
    ['white space', '  '],
    ['two byte order marks', '\ufeff\ufeff{}'],
    ['a byte order mark alone', '\ufeff'],
    ['two values', '1 2'],
    ['a trailing comma', '[1,]'],
    ['single quotes', "{'a':1}"],
    ['NaN', 'NaN'],
    ['a control character in a text', '"\u0000"'],
    ['a beginning', '{"a":'],
  ])('%s', async (_, text) => {
    expect(await caught(() => decode(text, json))).toMatchObject({ code: 'malformed-body', retryable: false });
  });

  test.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x31, 0x00]],
  ])('%s', async (_, bytes) => {
    const error = await caught(() => decode(Uint8Array.from(bytes), json));
    expect(error).toMatchObject({ code: 'malformed-body', message: expect.stringContaining('not valid UTF-8') });
  });

  test.each([
    ['{"a":1 "b"}', 'a syntax error at position 7'],
    ['[1,2', 'a syntax error at position 4'],
    ['{"a":', 'it ends too early'],
    // Here the parser quotes the text and gives no position.
    ['[secret]', 'a token that JSON does not have'],
    ['x at position 12345', 'a token that JSON does not have'],
    ['x end of JSON', 'a token that JSON does not have'],
  ])('reports the position: %s', async (text, where) => {
    const { message } = await caught(() => decode(text, json));
    expect(message).toBe(`The body of type application/json is not JSON: ${where}.`);
  });

  test('quotes no part of it', async () => {
    const bodies = ['{"password":hunter2}', '{"hunter2":1,}', 'hunter2', '"hunter2', '{"a":"hunter2"', '[hunter2'];
    for (const body of bodies) {
      expect(everythingIn(await caught(() => decode(body, json)))).not.toMatch(/hunter2|password/);
    }
  });
});

describe('a value is written as JSON', () => {
  test.each([
    [{ a: [1, null, 'ż'] }, '{"a":[1,null,"ż"]}'],
    [null, 'null'],
    ['', '""'],
    [[], '[]'],
    [{ n: 1n, m: [9007199254740993n, '1n'] }, '{"n":1,"m":[9007199254740993,"1n"]}'],
    [-9223372036854775808n, '-9223372036854775808'],
    [[1e21, 6.02214076e23, 1e300], '[1e+21,6.02214076e+23,1e+300]'],
    [new Date(0), '"1970-01-01T00:00:00+00:00"'],
    ['\ud800', String.raw`"\ud800"`],
  ])('%o', (value, text) => {
    expect(encode(value, json)).toBe(text);
  });

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
  ])('rejects %s', async (_, value) => {
    expect(await caught(() => encode(value, json))).toMatchObject({ code: 'not-convertible' });
  });

  test('rejects bytes, whose meaning is unknown', async () => {
    const error = await caught(() => encode(Buffer.from('{}'), json));
    expect(error).toMatchObject({ code: 'unsupported-media-type', message: expect.stringContaining(json) });
  });

  test('rejects a cycle, without the names of its keys', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.hunter2 = { cyclic };
    const error = await caught(() => encode(cyclic, json));
    expect(error.code).toBe('not-convertible');
    expect(error.message).not.toContain('hunter2');
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  test('rejects a value that is nested too deeply', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level++) deep = [deep];
    expect(await caught(() => encode(deep, json))).toMatchObject({ code: 'not-convertible' });
  });

  test.each([
    ['an error', new Error('hunter2')],
    ['nothing', undefined],
    ['an error without a message to read', hostileError()],
  ])('rejects a value that throws %s when it is read', async (_, thrown) => {
    const value = {
      get field() {
        throw thrown;
      },
    };
    const error = await caught(() => encode(value, json));
    expect(error.code).toBe('not-convertible');
    expect(error.message).not.toContain('hunter2');
  });
});

describe('a number that JSON would alter', () => {
  test.each<[unknown, string]>([
    [2 ** 53, 'the whole is an integer beyond 2^53, which may have been rounded; give a BigInt'],
    [{ a: [{ 'b/c': -(2 ** 60) }] }, '/a/0/b~1c is an integer beyond 2^53, which may have been rounded; give a BigInt'],
    [{ a: Number.NaN, b: null }, '/a is a number that is not finite'],
    [[1, Number.NEGATIVE_INFINITY], '/1 is a number that is not finite'],
    [{ n: 1n, m: 2 ** 53 }, '/m is an integer beyond 2^53, which may have been rounded; give a BigInt'],
  ])('is refused with its path: %#', async (value, issue) => {
    expect(await caught(() => encode(value, json))).toMatchObject({
      code: 'not-convertible',
      message: `The payload cannot be written as application/json: ${issue}.`,
      issues: [expect.anything()],
    });
  });

  test('is refused when it is read, as it has no number', async () => {
    const error = await caught(() => decode('{"a":[1,1e400]}', json));
    expect(error).toMatchObject({
      code: 'payload-refused',
      message: 'The body of type application/json has numbers that cannot be read: /a/1 is too large for a number.',
      issues: [{ path: '/a/1' }],
    });
  });
});

test('JSON of one media type becomes JSON of another as the bytes that it is', () => {
  const text = '{ "b": 1.0, "a": "\\/", "a": 2 }';
  expect(convert(text, 'application/vnd.api+json', json)).toBe(text);
});

test('every JSON value survives being written and read', () => {
  fc.assert(
    fc.property(exactJson, (value) => {
      expect(decode(encode(value, json), json)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

function hostileError(): Error {
  return Object.defineProperty(new Error(), 'message', {
    get() {
      throw new Error('not this one either');
    },
  });
}
