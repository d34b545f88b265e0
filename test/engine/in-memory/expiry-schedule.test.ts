import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Expiring, ExpirySchedule } from '../../../src/engine/in-memory/expiry-schedule.ts';

describe('an expiry schedule', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('lets everything expire in its order that was not deleted, whatever was added and deleted before', () => {
    const plans = fc.array(fc.record({ waitMs: fc.integer({ min: 1, max: 50 }), deleted: fc.boolean() }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(plans, (plan) => {
        const expired: Expiring[] = [];
        const schedule = new ExpirySchedule<Expiring>((item) => expired.push(item));
        const startMs = performance.now();
        const items = plan.map(({ waitMs, deleted }) => ({ expiresAtMs: startMs + waitMs, deleted }));
        for (const item of items) schedule.add(item);
        for (const item of items) if (item.deleted) schedule.delete(item);
        vi.advanceTimersByTime(51);
        const expected = items.filter(({ deleted }) => !deleted).map(({ expiresAtMs }) => expiresAtMs);
        expect(expired.map(({ expiresAtMs }) => expiresAtMs)).toEqual(expected.sort((a, b) => a - b));
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });

  test('lets nothing expire that never does', () => {
    const schedule = new ExpirySchedule<Expiring>(() => {});
    schedule.add({ expiresAtMs: Infinity });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not keep the process alive', () => {
    vi.useRealTimers();
    const timeout = vi.spyOn(globalThis, 'setTimeout');
    const schedule = new ExpirySchedule<Expiring>(() => {});
    schedule.add({ expiresAtMs: performance.now() + 60_000 });
    expect(timeout.mock.results[0]?.value.hasRef()).toBe(false);
    schedule.clear();
    timeout.mockRestore();
  });
});
