import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Header } from '../../src/message/message-headers.ts';
import { commandHeaders, onCommand, runEndpoint } from './endpoint-fixture.ts';

const encoded = (encoding: string) => ({ ...commandHeaders, [Header.contentEncoding]: encoding });

describe('a compressed body', () => {
  test('is decompressed for its handler', async () => {
    const handled: unknown[] = [];
    const { send, settled, deadLetters } = await runEndpoint([onCommand((payload) => void handled.push(payload))]);
    await send(encoded('gzip'), gzipSync('{"a":1}'));
    await settled(1);
    expect([handled, deadLetters()]).toEqual([[{ a: 1 }], []]);
  });

  test.each([
    ['gzip', 'malformed-body', Buffer.from('{}')],
    ['zstd', 'unsupported-content-encoding', Buffer.from('{}')],
    ['gzip', 'body-too-large', gzipSync(Buffer.alloc(5_000_000, ' '))],
  ])('becomes an unchanged dead letter if it cannot be read as %s: %s', async (encoding, code, body) => {
    const handled: unknown[] = [];
    const { send, settled, deadLetters } = await runEndpoint([onCommand((payload) => void handled.push(payload))]);
    await send(encoded(encoding), body);
    await settled(1);
    expect(handled).toEqual([]);
    const headers = {
      [Header.errorClass]: `littoral.${code}`,
      [Header.deadLetterReason]: 'undecodable',
      [Header.contentEncoding]: encoding,
    };
    expect(deadLetters()).toMatchObject([{ headers, body }]);
  });

  test('stays compressed in the dead letter of a handler that fails', async () => {
    const { send, settled, deadLetters } = await runEndpoint([
      onCommand(() => {
        throw new Error('of the handler');
      }),
    ]);
    await send(encoded('gzip'), gzipSync('{"a":1}'));
    await settled(1);
    expect(deadLetters()).toMatchObject([
      { headers: { [Header.deadLetterReason]: 'failed', [Header.contentEncoding]: 'gzip' }, body: gzipSync('{"a":1}') },
    ]);
  });
});
