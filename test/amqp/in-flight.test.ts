import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divide, type InFlight, settleUnconfirmed } from '../../src/amqp/in-flight.ts';
import type { PublishRefusal } from '../../src/amqp/publish-refusal.ts';
import type { PublishReceipt } from '../../src/channel/message-channel.ts';

const exchange = 'ecotone.distributed';

function inFlight(routingKey: string, bytes = 1, settled: unknown[] = []): InFlight {
  return {
    publication: { to: { bus: routingKey }, message: { headers: {}, body: Buffer.alloc(0) } },
    route: { exchange, routingKey },
    messageId: undefined,
    bytes,
    deadline: 0,
    written: true,
    returned: false,
    timedOut: false,
    resolve: (receipt: PublishReceipt) => void settled.push(receipt),
    reject: (error) => void settled.push(error),
  };
}

function refusalOfKey(key: string): PublishRefusal {
  const text = `ACCESS_REFUSED - write access to topic '${key}' in exchange '${exchange}' in vhost '/' refused for user 'u'`;
  const isCut = text.length > 255;
  return { kind: 'key', text: isCut ? `${text.slice(0, 252)}...` : text, maxBytes: undefined };
}

describe('what a closed channel had not confirmed', () => {
  test('is divided at the publish that was refused', () => {
    const entries = ['a', 'b', 'bad', 'c', 'bad', 'd'].map((key) => inFlight(key));
    const { unknown, refused, untouched } = divide(entries, refusalOfKey('bad'));
    expect(unknown).toEqual(entries.slice(0, 2));
    expect(refused).toBe(entries[2]);
    expect(untouched).toEqual(entries.slice(3));
  });

  test('is divided at the first that is too large', () => {
    const entries = [1, 5, 11, 12, 2].map((bytes) => inFlight('a', bytes));
    const divided = divide(entries, { kind: 'size', text: '', maxBytes: 10 });
    expect(divided).toEqual({ unknown: entries.slice(0, 2), refused: entries[2], untouched: entries.slice(3) });
  });

  test('is all unknown where the broker names no publish, or none of these', () => {
    const entries = ['a', 'b'].map((key) => inFlight(key));
    const all = { unknown: entries, refused: undefined, untouched: [] };
    expect(divide(entries, undefined)).toEqual(all);
    expect(divide(entries, refusalOfKey('other'))).toEqual(all);
  });

  test('is unknown up to the last that fits a text that was cut off', () => {
    const keys = ['a', `${'k'.repeat(240)}1`, 'b', `${'k'.repeat(240)}2`, 'c'];
    const entries = keys.map((key) => inFlight(key));
    const divided = divide(entries, refusalOfKey(keys[3] as string));
    expect(divided).toEqual({ unknown: entries.slice(0, 4), refused: undefined, untouched: entries.slice(4) });
  });

  test('never counts as untouched what RabbitMQ can have taken', () => {
    const key = fc.constantFrom('a', 'b', 'k'.repeat(230), `${'k'.repeat(240)}1`, `${'k'.repeat(240)}2`);
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 30 }), fc.nat(), (keys, at) => {
        const guilty = keys[at % keys.length] as string;
        // RabbitMQ stops at the first of that key.
        const first = keys.indexOf(guilty);
        const entries = keys.map((each) => inFlight(each));
        const { unknown, refused, untouched } = divide(entries, refusalOfKey(guilty));
        expect([...unknown, ...(refused ? [refused] : []), ...untouched]).toEqual(entries);
        for (const entry of untouched) expect(entries.indexOf(entry)).toBeGreaterThan(first);
        if (refused) expect(refused).toBe(entries[first]);
      }),
    );
  });

  test('was taken by no queue when it was returned', () => {
    const settled: unknown[] = [];
    const [returned, other] = [inFlight('a', 1, settled), inFlight('b', 1, settled)];
    returned.returned = true;
    settleUnconfirmed(returned, 'the connection ended', undefined);
    settleUnconfirmed(other, 'the connection ended', undefined);
    expect(settled).toEqual([
      { routed: false },
      expect.objectContaining({ code: 'connection-lost', outcome: 'unknown' }),
    ]);
  });
});
