import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../arbitraries.ts';
import { caught, everythingIn } from '../caught.ts';
import { decode, encode } from './convert.ts';

describe('text is read in its charset', () => {
  test.each([
    ['text/plain', Buffer.from('zażółć ✓')],
    ['text/plain; charset=utf-8', Buffer.from('zażółć ✓')],
    ['text/plain; charset=UTF8', Buffer.from('zażółć ✓')],
    ['text/plain; charset="utf-8"', Buffer.from('zażółć ✓')],
    ['text/plain; charset=utf-16le', Buffer.from('zażółć ✓', 'utf16le')],
    ['text/plain; charset=iso-8859-2', Buffer.from([0x7a, 0x61, 0xbf, 0xf3, 0xb3, 0xe6, 0x20, 0x3f])],
  ])('%s', (type, bytes) => {
    expect(decode(bytes, type)).toBe(type.includes('8859') ? 'zażółć ?' : 'zażółć ✓');
  });

  test('latin1', () => {
    expect(decode(Uint8Array.from([0x63, 0x61, 0x66, 0xe9]), 'text/plain; charset=latin1')).toBe('café');
  });

  test('stays as it is: nothing, white space, NUL, a byte order mark within', () => {
    for (const text of ['', ' \r\n\t', '\u0000', 'x\ufeffx', 'null', '007']) {
      expect(decode(text, 'text/plain')).toBe(text);
    }
  });

  test.each([
    ['text/plain', Buffer.from('\ufeffzaż')],
    ['text/plain; charset=UTF-8', Buffer.from('\ufeffzaż')],
    ['text/plain; charset=utf-16le', Buffer.from('\ufeffzaż', 'utf16le')],
    ['text/plain; charset=utf-16be', Buffer.from('\ufeffzaż', 'utf16le').swap16()],
    ['text/plain; charset=utf-16', Buffer.from('\ufeffzaż', 'utf16le')],
    ['text/plain; charset=UTF-16', Buffer.from('\ufeffzaż', 'utf16le').swap16()],
  ])('loses the byte order mark in front: %s, %#', (type, bytes) => {
    expect(decode(bytes, type)).toBe('zaż');
  });

  test('loses one byte order mark of two', () => {
    expect(decode('\ufeff\ufeffx', 'text/plain')).toBe('\ufeffx');
    expect(decode('\ufeff', 'text/plain')).toBe('');
  });

  test('from the middle of a larger buffer', () => {
    expect(decode(Buffer.from('xxcaféxx').subarray(2, 7), 'text/plain')).toBe('café');
  });
});

describe('text is refused', () => {
  test.each([
    ['text/plain', [0x68, 0xff], 'UTF-8'],
    ['text/plain; charset=utf-16le', [0x00, 0xd8, 0x61, 0x00], 'utf-16le'],
    ['text/plain; charset=utf-16le', [0x61], 'utf-16le'],
  ])('in %s when its bytes are not', async (type, bytes, charset) => {
    const error = await caught(() => decode(Uint8Array.from(bytes), type));
    expect(error.code).toBe('malformed-body');
    expect(error.message).toBe(`The body of type ${type} is not valid ${charset}.`);
  });

  test('in an unknown charset', async () => {
    const error = await caught(() => decode('x', 'text/plain; charset=klingon'));
    expect(error).toMatchObject({ code: 'unsupported-media-type', message: expect.stringContaining('klingon') });
  });

  test('without quoting a part of it', async () => {
    const bytes = Buffer.concat([Buffer.from('hunter2'), Buffer.from([0xff])]);
    expect(everythingIn(await caught(() => decode(bytes, 'text/plain')))).not.toContain('hunter2');
  });
});

describe('a value is written as text', () => {
  test.each([
    ['zażółć ✓', 'zażółć ✓'],
    ['', ''],
    [1.5, '1.5'],
    [false, 'false'],
    [9007199254740993n, '9007199254740993'],
  ])('%s', (value, text) => {
    expect(encode(value, 'text/plain')).toBe(text);
  });

  test.each(['text/plain; charset=utf-8', 'text/plain; charset=UTF8'])('as %s', (type) => {
    expect(encode('é', type)).toBe('é');
  });

  test.each([
    ['null', null],
    ['nothing', undefined],
    ['an object', { hunter2: 1 }],
    ['an array', ['hunter2']],
    ['a text with a lone surrogate, which UTF-8 cannot hold', 'hunter2\ud800'],
  ])('rejects %s', async (_, value) => {
    const error = await caught(() => encode(value, 'text/plain'));
    expect(error.code).toBe('not-convertible');
    expect(everythingIn(error)).not.toContain('hunter2');
  });

  test('rejects bytes, whose meaning is unknown', async () => {
    const error = await caught(() => encode(Buffer.from('x'), 'text/plain'));
    expect(error.code).toBe('unsupported-media-type');
  });

  test('rejects another charset than UTF-8', async () => {
    const error = await caught(() => encode('x', 'text/plain; charset=latin1'));
    expect(error).toMatchObject({ code: 'unsupported-media-type', message: expect.stringContaining('latin1') });
  });
});

test('every text survives being written and read', () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom('', '\ufeff', '\ufeff\ufeff'), (rest, marks) => {
      const text = marks + rest;
      expect(decode(encode(text, 'text/plain'), 'text/plain')).toBe(text);
    }),
  );
});
