import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromAmqp, toAmqp } from '../../../src/engine/amqp/amqp-message-mapper.ts';
import type { TransportMessage } from '../../../src/message/transport-message.ts';

const body = Buffer.from('x');
const priorityOf = (headers: TransportMessage['headers'], isDelayed = false) =>
  toAmqp({ headers, body }, undefined, isDelayed).priority;

describe('the AMQP priority of a new message', () => {
  test('equals its header, for every number that the property can hold', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 255 }), (priority) => priorityOf({ priority }) === priority));
  });

  test.each([undefined, -1, 256, 1.5, '7', null, 7n, {}])('is none for %o', (priority) => {
    expect(priorityOf({ priority })).toBeUndefined();
  });

  test('moves to a header on a delay level', () => {
    expect(priorityOf({ priority: 7 }, true)).toBeUndefined();
    expect(toAmqp({ headers: { priority: 7 }, body }, undefined, true).headers).toHaveProperty('x-littoral-priority');
  });
});

describe('the suspended priority of a delay level', () => {
  const received = (headers: Record<string, unknown>, priority?: number) =>
    fromAmqp({ properties: { headers, priority }, content: body, fields: {} } as never).headers;

  test('is read as the property, and its header is removed', () => {
    expect(received({ 'x-littoral-priority': 9 })).toEqual(received({}, 9));
    expect(received({ 'x-littoral-priority': 9, priority: 9 })).toEqual({ priority: 9 });
  });

  test.each(['9', -1, 256, 1.5, null, {}, []])('is dropped if another program wrote %o', (value) => {
    expect(received({ 'x-littoral-priority': value })).toEqual({});
  });
});
