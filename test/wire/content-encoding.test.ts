import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Header } from '../../src/message/message-headers.ts';
import { decodeContent } from '../../src/wire/content-encoding.ts';

const text = Buffer.from('{"a":"ż"}');
const decode = (body: Uint8Array, encoding: unknown, maxBytes = 1000) =>
  decodeContent(body, { [Header.contentEncoding]: encoding }, maxBytes);

describe('a body', () => {
  test.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    [' GZip ', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['identity,gzip', gzipSync(text)],
    ['gzip', Buffer.concat([gzipSync(text.subarray(0, 3)), gzipSync(text.subarray(3))])],
    ['identity', text],
    ['UTF-8', text],
    ['', text],
    [undefined, text],
  ])('is decompressed from the content encoding %s', async (encoding, body) => {
    expect(Buffer.from(await decode(body, encoding)).toString()).toBe(text.toString());
  });

  test.each(['zstd', 'compress', 'iso-8859-1', 'gzip, zstd', 7, null, 'gzip,gzip,gzip,gzip', 'toString'])(
    'is refused with the content encoding %s',
    async (encoding) => {
      await expect(decode(text, encoding)).rejects.toMatchObject({ code: 'unsupported-content-encoding' });
    },
  );

  test.each([
    ['gzip', text],
    ['gzip', gzipSync(text).subarray(0, -1)],
    ['gzip', Buffer.alloc(0)],
    ['gzip', Buffer.concat([gzipSync(text), Buffer.from('more')])],
    ['deflate', Buffer.concat([deflateSync(text), Buffer.from('more')])],
    ['deflate', text],
    ['br', Buffer.from('no brotli at all')],
    ['br', Buffer.concat([brotliCompressSync(text), Buffer.from('more')])],
    ['gzip, br', gzipSync(text)],
  ])('is malformed if it is not %s, or not whole, or has bytes behind its end', async (encoding, body) => {
    await expect(decode(body, encoding)).rejects.toMatchObject({ code: 'malformed-body' });
  });

  test.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['deflate', deflateSync(Buffer.alloc(50_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000))],
    ['gzip, br', brotliCompressSync(gzipSync(Buffer.alloc(50_000_000)))],
  ])('is refused if %s makes it too large', async (encoding, body) => {
    await expect(decode(body, encoding, 100_000)).rejects.toMatchObject({ code: 'body-too-large' });
  });

  test('may reach exactly the allowed size', async () => {
    expect((await decode(gzipSync(Buffer.alloc(1000)), 'gzip', 1000)).byteLength).toBe(1000);
    await expect(decode(gzipSync(Buffer.alloc(1001)), 'gzip', 1000)).rejects.toMatchObject({ code: 'body-too-large' });
  });
});
