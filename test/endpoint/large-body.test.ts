import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import { Header } from '../../src/message/message-headers.ts';
import { eventHeaders, runEndpoint } from './endpoint-fixture.ts';

/** The events in the order in which they happened: a call of a handler, and the end of the turn of the first one. */
async function orderOf(body: string | Uint8Array, headers = eventHeaders): Promise<string[]> {
  const order: string[] = [];
  const listener = (endpointId: string, handle: () => void) =>
    defineEventHandler({ routingKey: 'order.placed', endpointId, distributed: true, handle });
  const { publish, settled } = await runEndpoint([
    listener('first', () => {
      order.push('first');
      setImmediate(() => order.push('turn'));
    }),
    listener('second', () => void order.push('second')),
  ]);
  await publish('order.placed', headers, body);
  await settled(1);
  // The immediate of the first handler can run after the settlement.
  await new Promise((resolve) => setImmediate(resolve));
  return order;
}

const large = JSON.stringify(['x'.repeat(64 * 1024)]);

describe('the handlers of one event', () => {
  test('are called in turns of their own if the body is large', async () => {
    expect(await orderOf(large)).toEqual(['first', 'turn', 'second']);
  });

  test('are called in turns of their own if the body is large once it is decompressed', async () => {
    const headers = { ...eventHeaders, [Header.contentEncoding]: 'gzip' };
    expect(await orderOf(gzipSync(large), headers)).toEqual(['first', 'turn', 'second']);
  });

  test('are called in one turn if the body is small', async () => {
    expect(await orderOf(JSON.stringify(['x'.repeat(1024)]))).toEqual(['first', 'second', 'turn']);
  });
});
