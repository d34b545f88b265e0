import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../../src/http/limits/token-bucket.ts';

describe('a bucket of 10 tokens that gains two in a second', () => {
  const create = () => new TokenBucket({ capacity: 10, perMs: 0.002 }, 0);

  test('is full at first, and never more than full', () => {
    const bucket = create();
    expect(bucket.level(0)).toBe(10);
    expect(bucket.level(1e9)).toBe(10);
    bucket.giveBack(5, 1e9);
    expect(bucket.level(1e9)).toBe(10);
  });

  test('fills at its rate', () => {
    const bucket = create();
    bucket.take(10, 0);
    expect([bucket.has(1, 499), bucket.has(1, 500), bucket.has(2, 999), bucket.has(2, 1000)]).toEqual([
      ...[false, true, false, true],
    ]);
    expect(bucket.level(2500)).toBe(5);
  });

  test('has enough after the time that it names, whatever the rate', () => {
    for (const perMs of [1 / 3, 1 / 7000, 3 / 86_400_000, 0.1]) {
      const bucket = new TokenBucket({ capacity: 7, perMs }, 0.1);
      bucket.take(7, 0.1);
      for (const amount of [1, 3, 7]) expect(bucket.has(amount, 0.1 + bucket.waitMs(amount, 0.1))).toBe(true);
      expect(bucket.has(1, 0.1)).toBe(false);
    }
  });

  test('is overdrawn by its capacity at most', () => {
    const bucket = create();
    bucket.take(1000, 0);
    expect(bucket.level(0)).toBe(-10);
    expect(bucket.waitMs(1, 0)).toBe(5500);
  });
});
