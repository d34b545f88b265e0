import { expect, test } from 'vitest';
import type { DeduplicationStore } from '../../../src/deduplication/deduplication-store.ts';

/** What every store has to do, in a process or shared. Run inside a `describe`. */
export function deduplicationStoreContract(open: () => DeduplicationStore | Promise<DeduplicationStore>): void {
  test('a key that was not recorded is not known', async () => {
    expect(await (await open()).has('["billing","pay"] 1')).toBe(false);
  });

  test('a key that was recorded is known, and no other', async () => {
    const store = await open();
    await store.record('["billing","pay"] 1');
    expect(await store.has('["billing","pay"] 1')).toBe(true);
    for (const other of ['["billing","pay"] 2', '["shop","pay"] 1', '["billing","refund"] 1', '1']) {
      expect(await store.has(other), other).toBe(false);
    }
  });

  test('a key that is recorded again stays known', async () => {
    const store = await open();
    await store.record('["billing","pay"] 1');
    await store.record('["billing","pay"] 1');
    expect(await store.has('["billing","pay"] 1')).toBe(true);
  });

  test('to ask does not record', async () => {
    const store = await open();
    await store.has('["billing","pay"] 1');
    expect(await store.has('["billing","pay"] 1')).toBe(false);
  });

  test.each([
    ['__proto__', 'constructor'],
    ['a', 'A'],
    ['a', 'a '],
    ['e\u0301', '\u00e9'],
    ['7', '07'],
    [' ', '\t'],
    ['%', '_'],
    [`${'x'.repeat(1499)}1`, `${'x'.repeat(1499)}2`],
    ['\u{1f4b6}', '\u{1f4b7}'],
    ["'; drop table handled; --", "'; drop table handled;"],
  ])('the key %j is another one than %j', async (one, other) => {
    const store = await open();
    await store.record(one);
    expect(await store.has(one)).toBe(true);
    expect(await store.has(other)).toBe(false);
  });

  test('many can be asked for and recorded at once', async () => {
    const store = await open();
    const keys = Array.from({ length: 100 }, (_, index) => `["billing","pay"] ${index}`);
    await Promise.all(keys.map((key) => store.record(key)));
    expect(await Promise.all(keys.map((key) => store.has(key)))).toEqual(keys.map(() => true));
  });
}
