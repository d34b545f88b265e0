import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InProcessDeduplicationStore } from '../../../src/deduplication/stores/in-process-deduplication-store.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { systemClock } from '../../../src/time/clock.ts';
import { deduplicationStoreContract } from './deduplication-store-contract.ts';

function open({ windowMs = 1000, maxEntries = 1000 } = {}) {
  const clock = new TestClock();
  const store = new InProcessDeduplicationStore({ windowMs, maxEntries, clock });
  return { store, passMs: (milliseconds: number) => clock.moveTo(clock.nowMs() + milliseconds) };
}

describe('the store in the process', () => {
  deduplicationStoreContract(
    () => new InProcessDeduplicationStore({ windowMs: 600_000, maxEntries: 1000, clock: systemClock }),
  );

  test('knows a key until the window is over', () => {
    const { store, passMs } = open();
    store.record('a');
    passMs(999);
    expect(store.has('a')).toBe(true);
    passMs(1);
    expect(store.has('a')).toBe(false);
  });

  test('counts the window from the last record of a key', () => {
    const { store, passMs } = open();
    store.record('a');
    passMs(600);
    store.record('a');
    passMs(600);
    store.record('b');
    expect(store.has('a')).toBe(true);
    passMs(400);
    expect(store.has('a')).toBe(false);
  });

  test('does not renew a key that is asked for', () => {
    const { store, passMs } = open();
    store.record('a');
    passMs(600);
    expect(store.has('a')).toBe(true);
    passMs(400);
    expect(store.has('a')).toBe(false);
  });

  test('forgets the oldest for the newest when it is full', () => {
    const { store } = open({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c', 'd']) store.record(key);
    expect(['a', 'b', 'c', 'd'].filter((key) => store.has(key))).toEqual(['b', 'c', 'd']);
    expect(store.size).toBe(3);
  });

  test('keeps a single key if configured so', () => {
    const { store } = open({ maxEntries: 1 });
    for (const key of ['a', 'b', 'b']) store.record(key);
    expect([store.has('a'), store.has('b'), store.size]).toEqual([false, true, 1]);
  });

  test('releases the memory of dropped keys as others arrive, not all at once', () => {
    const { store, passMs } = open();
    for (let index = 0; index < 100; index++) store.record(`old ${index}`);
    passMs(1000);
    store.record('new');
    expect(store.size).toBe(99);
    for (let index = 0; index < 99; index++) store.record(`new ${index}`);
    expect(store.size).toBe(100);
    expect(store.has('new 98')).toBe(true);
  });

  test('never holds more than it may, and never knows what it should not', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), ms: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 1, max: 5 }), (steps, maxEntries) => {
        const { store, passMs } = open({ maxEntries });
        let nowMs = 0;
        const recordedAt = new Map<string, number>();
        for (const { key, ms } of steps) {
          passMs(ms);
          nowMs += ms;
          store.record(key);
          recordedAt.set(key, nowMs);
          expect(store.size).toBeLessThanOrEqual(maxEntries);
          // The newest is always known.
          expect(store.has(key)).toBe(true);
          for (const [other, atMs] of recordedAt) if (nowMs - atMs >= 1000) expect(store.has(other)).toBe(false);
        }
      }),
    );
  });
});
