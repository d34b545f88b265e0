import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { guessMediaType, readPayload } from '../../src/cli/payload-argument.ts';
import { caught } from '../caught.ts';

/** Standard input that holds these chunks. */
function input(chunks: readonly string[], isTTY?: boolean) {
  return Object.assign(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), { isTTY });
}

async function read(argument: string | undefined, chunks: readonly string[], isTTY?: boolean): Promise<string> {
  return Buffer.from(await readPayload(argument, input(chunks, isTTY), 10)).toString();
}

describe('the payload', () => {
  test('is the argument, and standard input is left alone', async () => {
    expect(await read('é', ['unread'])).toBe('é');
    expect(await read('', ['unread'])).toBe('');
  });

  test('without an argument is what standard input holds', async () => {
    expect(await read(undefined, ['a', 'b\n'])).toBe('ab\n');
    expect(await read(undefined, [])).toBe('');
  });

  test('of a terminal is empty, unless asked for', async () => {
    expect(await read(undefined, ['typed'], true)).toBe('');
    expect(await read('-', ['typed'], true)).toBe('typed');
  });

  test('is not read to its end if it is too large', async () => {
    const endless = {
      async *[Symbol.asyncIterator]() {
        for (;;) yield Buffer.alloc(4);
      },
    };
    const error = await caught(() => readPayload('-', endless, 10));
    expect(error).toMatchObject({ code: 'body-too-large', message: expect.stringContaining('10 bytes') });
  });
});

test.each([
  ['{"a":1}', 'application/json'],
  [' \n[1]', 'application/json'],
  ['"text"', 'application/json'],
  ['{ no json', 'application/json'],
  ['\ufeff {"a":1}', 'application/json'],
  ['\f{"a":1}', 'text/plain'],
  ['\u00a0[1]', 'text/plain'],
  ['7', 'text/plain'],
  ['true', 'text/plain'],
  ['hello', 'text/plain'],
  ['', 'text/plain'],
  ['   ', 'text/plain'],
])('the media type of %o is %s', (payload, mediaType) => {
  expect(guessMediaType(Buffer.from(payload))).toBe(mediaType);
});

test('the media type of what is no UTF-8 is application/octet-stream', () => {
  expect(guessMediaType(Buffer.of(0x7b, 0xff))).toBe('application/octet-stream');
});

test('a character that ends behind the first kilobyte changes nothing', () => {
  expect(guessMediaType(Buffer.from(`${' '.repeat(1023)}é`))).toBe('text/plain');
});
