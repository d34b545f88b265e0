import { expect, test } from 'vitest';
import { OtherConsumers } from '../../src/deferral/other-consumers.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

test.each<[string, () => Promise<number | undefined>, boolean]>([
  ['are not there when none is counted', async () => 0, false],
  ['are there when one is counted', async () => 1, true],
  ['may be there when none can be counted', async () => undefined, true],
  ['may be there when counting fails', () => Promise.reject(new Error('no broker')), true],
])('other consumers %s', async (_, count, exist) => {
  expect(await new OtherConsumers(count, new TestClock()).exist()).toBe(exist);
});

test('other consumers are counted once for all requests within a second', async () => {
  const clock = new TestClock();
  let asked = 0;
  let count = 0;
  const others = new OtherConsumers(async () => {
    asked += 1;
    return count;
  }, clock);
  await Promise.all(Array.from({ length: 100 }, () => others.exist()));
  clock.moveTo(999);
  expect([await others.exist(), asked]).toEqual([false, 1]);
  count = 1;
  clock.moveTo(1000);
  expect([await others.exist(), asked]).toEqual([true, 2]);
});
