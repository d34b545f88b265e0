import { describe, expect, test } from 'vitest';
import {
  type IdempotentRequest,
  idempotentMessageId,
  isMessageId,
  newMessageId,
} from '../../src/message/message-id.ts';

const request: IdempotentRequest = {
  scope: '',
  kind: 'command',
  destination: 'billing',
  routingKey: 'billing.changeDetails',
  key: '8e03978e-40d5-43e8-bc93-6894a57f9324',
};

describe('a new message id', () => {
  test('is a UUID of version 7', () => {
    expect(newMessageId()).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  test('sorts after every earlier one, also within one millisecond', () => {
    const ids = Array.from({ length: 10_000 }, newMessageId);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the message id of an idempotent request', () => {
  // Should one of these change, every request that is repeated during an upgrade becomes a second message.
  test.each<[string, IdempotentRequest]>([
    ['e8c958bf-86ca-5f8c-8e63-ee8a90d5a1a7', request],
    [
      '2e147e38-bd1a-5535-9299-5e8be4dc25d3',
      { scope: 'tenant-7', kind: 'event', destination: 'zażółć.✓', routingKey: 'zażółć.✓', key: '"1"' },
    ],
  ])('is %s for ever', (id, given) => {
    expect(idempotentMessageId(given)).toBe(id);
  });

  test.each(Object.keys(request) as (keyof IdempotentRequest)[])('depends on its %s', (part) => {
    expect(idempotentMessageId({ ...request, [part]: 'another' })).not.toBe(idempotentMessageId(request));
  });

  test('cannot be made by moving text from one part to the next', () => {
    const one = idempotentMessageId({ ...request, destination: 'a', routingKey: 'b.c' });
    const other = idempotentMessageId({ ...request, destination: 'a.b', routingKey: 'c' });
    const quoted = idempotentMessageId({ ...request, destination: 'a","b', routingKey: 'c' });
    expect(new Set([one, other, quoted]).size).toBe(3);
  });
});

describe('a text is a message id', () => {
  test.each(['019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10', '019F8A1E-8C0A-4C3E-9D51-2F1A7F3F2F10', newMessageId()])(
    'when it is a UUID: %s',
    (text) => {
      expect(isMessageId(text)).toBe(true);
    },
  );

  test.each(['', '7', '019f8a1e8c0a7c3e9d512f1a7f3f2f10', '{019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10}', '019f8a1e-8c0a\n'])(
    'excludes %j',
    (text) => {
      expect(isMessageId(text)).toBe(false);
    },
  );
});
