import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromDueMessage, toDueMessage } from '../../src/bus/due-message.ts';
import type { BusMessage } from '../../src/bus/publish-on-bus.ts';
import { isLittoralError } from '../../src/errors.ts';
import { Header } from '../../src/message/message-headers.ts';
import { caught } from '../caught.ts';

const headers = { id: '7', [Header.payloadType]: 'command', [Header.serviceTarget]: 'billing', executorId: 'alice' };
const body = Buffer.from('{}');

function busMessage(timeToLive?: number): BusMessage {
  return { payloadType: 'command', target: 'billing', message: { headers, body }, timeToLive };
}

describe('a message that waits to be published', () => {
  test.each([undefined, 1, 4_294_967_295])('is published as it was sent, with a time to live of %s', (timeToLive) => {
    expect(fromDueMessage(toDueMessage(busMessage(timeToLive)))).toEqual(busMessage(timeToLive));
  });

  test.each([
    ['payloadType', { [Header.payloadType]: 'order' }],
    ['payloadType', { [Header.payloadType]: undefined }],
    ['service_target', { [Header.serviceTarget]: '' }],
    ['service_target', { [Header.serviceTarget]: 'a.*' }],
    ['service_target', { [Header.serviceTarget]: 'x'.repeat(256) }],
    ['service_target', { [Header.serviceTarget]: 7 }],
    ['timeToLive', { [Header.timeToLive]: 0 }],
    ['timeToLive', { [Header.timeToLive]: '60000' }],
    ['timeToLive', { [Header.timeToLive]: 4_294_967_296 }],
  ])('is refused for its %s: %j', async (name, others) => {
    const error = await caught(() => fromDueMessage({ headers: { ...headers, ...others }, body }));
    expect(error).toMatchObject({ code: 'malformed-message', message: expect.stringContaining(name) });
  });

  test('is published or refused, whatever its headers hold', () => {
    const any = fc.dictionary(fc.constantFrom(...Object.keys(headers), Header.timeToLive, '__proto__'), fc.anything());
    fc.assert(
      fc.property(any, (others) => {
        try {
          expect(fromDueMessage({ headers: others, body }).target).toEqual(expect.any(String));
        } catch (error) {
          expect(isLittoralError(error) && error.code).toBe('malformed-message');
        }
      }),
    );
  });
});
