import { expect, test } from 'vitest';
import { ExpirySchedule } from '../../src/engine/in-memory/expiry-schedule.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

test('a clock under test makes the calls that are due, and stands still otherwise', () => {
  const clock = new TestClock();
  const calls: number[] = [];
  for (const atMs of [30, 10, 20]) clock.callAt(atMs, () => calls.push(atMs));
  const cancel = clock.callAt(5, () => expect.unreachable('it was taken back'));
  cancel();
  expect(clock.nextMs).toBe(10);
  clock.moveTo(9);
  expect(calls).toEqual([]);
  clock.moveTo(20);
  expect(calls).toEqual([10, 20]);
  clock.moveTo(0);
  expect(clock.nowMs()).toBe(20);
  clock.moveTo(60_000);
  expect([calls, clock.nextMs]).toEqual([[10, 20, 30], Infinity]);
});

test('messages expire by the clock that they are given', () => {
  const clock = new TestClock();
  const expired: unknown[] = [];
  const schedule = new ExpirySchedule((item) => expired.push(item), clock);
  const [soon, later] = [{ expiresAtMs: 10 }, { expiresAtMs: 4_294_967_295 }];
  schedule.add(later);
  schedule.add(soon);
  clock.moveTo(10);
  expect(expired).toEqual([soon]);
  clock.moveTo(later.expiresAtMs);
  expect(expired).toEqual([soon, later]);
});
