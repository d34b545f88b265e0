import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  divide,
  type InFlight,
  type ShownBefore,
  settleUnconfirmed,
} from '../../../../src/engine/amqp/publish/in-flight.ts';
import type { PublishRefusal } from '../../../../src/engine/amqp/publish/publish-refusal.ts';
import { inFlight } from './in-flight-fixture.ts';

const exchange = 'ecotone.distributed';

/** Creates the written publishes for some keys, in order. */
function written(keys: readonly string[]): InFlight[] {
  return keys.map((key, index) => Object.assign(inFlight(key), { position: index + 1 }));
}

const nothing: ShownBefore = { lastHandled: 0, hasTaken: () => false };
const absent: PublishRefusal = {
  kind: 'absent',
  text: `NOT_FOUND - no exchange '${exchange}' in vhost '/'`,
  maxBytes: undefined,
};
const unwritable: PublishRefusal = {
  kind: 'exchange',
  text: `ACCESS_REFUSED - write access to exchange '${exchange}' in vhost '/' refused for user 'u'`,
  maxBytes: undefined,
};

function refusalOfKey(key: string): PublishRefusal {
  const text = `ACCESS_REFUSED - write access to topic '${key}' in exchange '${exchange}' in vhost '/' refused for user 'u'`;
  const isCut = text.length > 255;
  return { kind: 'key', text: isCut ? `${text.slice(0, 252)}...` : text, maxBytes: undefined };
}

describe('unconfirmed publishes of a closed channel', () => {
  test('are divided at the refused publish', () => {
    const entries = written(['a', 'b', 'bad', 'c', 'bad', 'd']);
    const { unknown, refused, untouched } = divide(entries, refusalOfKey('bad'), nothing);
    expect(unknown).toEqual(entries.slice(0, 2));
    expect(refused).toBe(entries[2]);
    expect(untouched).toEqual(entries.slice(3));
  });

  test('are divided at the first that is too large', () => {
    const entries = [1, 5, 11, 12, 2].map((bytes, index) =>
      Object.assign(inFlight('a', bytes), { position: index + 1 }),
    );
    const divided = divide(entries, { kind: 'size', text: '', maxBytes: 10 }, nothing);
    expect(divided).toEqual({ unknown: entries.slice(0, 2), refused: entries[2], untouched: entries.slice(3) });
  });

  test('are all unknown if the broker names no publish, or none of these', () => {
    const entries = written(['a', 'b']);
    const all = { unknown: entries, refused: undefined, untouched: [] };
    expect(divide(entries, undefined, nothing)).toEqual(all);
    expect(divide(entries, refusalOfKey('other'), nothing)).toEqual(all);
  });

  test('are unknown up to the last that fits a text that was cut off', () => {
    const keys = ['a', `${'k'.repeat(240)}1`, 'b', `${'k'.repeat(240)}2`, 'c'];
    const entries = written(keys);
    const divided = divide(entries, refusalOfKey(keys[3] as string), nothing);
    expect(divided).toEqual({ unknown: entries.slice(0, 4), refused: undefined, untouched: entries.slice(4) });
  });

  test('never count as untouched if RabbitMQ may have accepted them', () => {
    const key = fc.constantFrom('a', 'b', 'k'.repeat(230), `${'k'.repeat(240)}1`, `${'k'.repeat(240)}2`);
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 30 }), fc.nat(), (keys, at) => {
        const guilty = keys[at % keys.length] as string;
        // RabbitMQ stops at the first of that key.
        const first = keys.indexOf(guilty);
        const entries = written(keys);
        const { unknown, refused, untouched } = divide(entries, refusalOfKey(guilty), nothing);
        expect([...unknown, ...(refused ? [refused] : []), ...untouched]).toEqual(entries);
        for (const entry of untouched) expect(entries.indexOf(entry)).toBeGreaterThan(first);
        if (refused) expect(refused).toBe(entries[first]);
      }),
    );
  });

  test.each([
    ['an exchange that was deleted', absent],
    ['a permission on an exchange that was withdrawn', unwritable],
    ['a permission on a key that was withdrawn', refusalOfKey('a')],
  ])('never count as refused if RabbitMQ may have accepted them before it noticed %s', (_, refusal) => {
    const shape = fc.record({ key: fc.constantFrom('a', 'b'), isReturned: fc.boolean() });
    fc.assert(
      fc.property(fc.array(shape, { minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(), (shapes, at, handled) => {
        const entries = written(shapes.map(({ key }) => key));
        // RabbitMQ takes earlier publishes, refuses the first refusable one from there on, and reads no more.
        const changed = at % entries.length;
        const culprit = entries.findIndex(
          ({ route }, index) => index >= changed && (refusal.kind !== 'key' || route.routingKey === 'a'),
        );
        fc.pre(culprit >= 0);
        for (let index = 0; index < culprit; index++) {
          (entries[index] as InFlight).returned = shapes[index]?.isReturned === true;
        }
        const lastHandled = handled % (culprit + 1);
        const { unknown, refused, untouched } = divide(entries, refusal, { lastHandled, hasTaken: () => true });
        expect([...unknown, ...(refused ? [refused] : []), ...untouched]).toEqual(entries);
        expect(refused).toBeDefined();
        expect(unknown).toEqual(expect.arrayContaining(entries.slice(0, culprit)));
      }),
    );
  });

  test('are known up to the last publish that RabbitMQ has answered', () => {
    const entries = written(['a', 'a', 'a', 'a']);
    (entries[2] as InFlight).returned = true;
    const divided = divide(entries, absent, { lastHandled: 2, hasTaken: () => true });
    expect(divided).toEqual({ unknown: entries.slice(0, 3), refused: entries[3], untouched: [] });
  });

  test('were stored in no queue if they were returned', () => {
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
