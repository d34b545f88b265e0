import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageList } from '../../../src/engine/in-memory/message-list.ts';
import type { QueuedMessage } from '../../../src/engine/in-memory/queued-message.ts';

test('a message list keeps messages in the order of their sequence, whatever comes, goes and comes back', () => {
  const toggles = fc.array(fc.nat({ max: 12 }), { maxLength: 60 });
  fc.assert(
    fc.property(toggles, (sequences) => {
      const list = new MessageList();
      const messages = Array.from({ length: 13 }, (_, sequence) => queued(sequence));
      const present = new Set<number>();
      for (const sequence of sequences) {
        if (present.delete(sequence)) {
          list.delete(messages[sequence]!);
        } else {
          present.add(sequence);
          list.add(messages[sequence]!);
        }
        const expected = [...present].sort((a, b) => a - b);
        expect(Array.from(list, (message) => message.sequence)).toEqual(expected);
        expect([list.length, list.first?.sequence]).toEqual([expected.length, expected[0]]);
      }
    }),
  );
});

test('what is not in a message list can be deleted from it', () => {
  const list = new MessageList();
  list.delete(queued(1));
  expect(list.length).toBe(0);
});

function queued(sequence: number): QueuedMessage {
  return {
    message: { headers: {}, body: new Uint8Array() },
    exchange: '',
    routingKey: 'billing',
    timeToLiveMs: undefined,
    sequence,
    expiresAtMs: Infinity,
    deliveryCount: 0,
  };
}
