import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';

test('eventually returns the first value which is not an error', async () => {
  let attempts = 0;
  const value = await eventually(
    () => {
      attempts += 1;
      if (attempts < 3) throw new Error('too early');
      return attempts;
    },
    { intervalMs: 1 },
  );
  expect(value).toBe(3);
});

test('eventually throws the last error when the time is up', async () => {
  let attempts = 0;
  const failing = eventually(
    async () => {
      attempts += 1;
      throw new Error(`attempt ${attempts}`);
    },
    { timeoutMs: 20, intervalMs: 1 },
  );
  await expect(failing).rejects.toThrow(/^attempt \d+$/);
  await expect(failing).rejects.toThrow(`attempt ${attempts}`);
});
