import { describe, expect, test } from 'vitest';
import { maxHeaderBytes } from '../../src/message/limits.ts';
import { checkHeaderSize } from '../../src/wire/header-size.ts';
import { caught } from '../caught.ts';

describe('headers are too large', () => {
  test('beyond 64 KiB, encoded', async () => {
    // 4 bytes for the table; for the header its name, one byte for the name's length, one for the type, four for the text's length.
    const room = maxHeaderBytes - 4 - 'a'.length - 6;
    expect(() => checkHeaderSize({ a: 'x'.repeat(room) })).not.toThrow();
    expect(await caught(() => checkHeaderSize({ a: 'x'.repeat(room + 1) }))).toMatchObject({
      code: 'headers-too-large',
      message: expect.stringContaining('65537 bytes; 65536 are allowed'),
    });
  });

  test('counted in bytes', async () => {
    expect(await caught(() => checkHeaderSize({ a: 'ż'.repeat(40_000) }))).toMatchObject({ code: 'headers-too-large' });
  });

  test('also when there are many', async () => {
    const many = Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`h${index}`, index]));
    expect(await caught(() => checkHeaderSize(many))).toMatchObject({ code: 'headers-too-large' });
  });
});
