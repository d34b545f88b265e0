import { describe, expect, test } from 'vitest';
import { BucketTable } from '../../../src/http/limits/bucket-table.ts';

/** A bucket fills in 1 s, and after an overdraft in 2 s. */
const shape = { capacity: 10, perMs: 0.01 };

describe('the buckets of a limit', () => {
  test('stay bounded under 100,000 keys, and further keys share one', () => {
    const table = new BucketTable(shape, 0, 1000);
    const known = table.find('modest', 0);
    known.take(3, 0);
    for (let index = 0; index < 100_000; index++) table.find(`hostile ${index}`, index / 1e6).take(10, 0);
    expect(table.size).toBe(1000);
    expect(table.find('one more', 1)).toBe(table.find('another', 1));
    expect(table.find('modest', 1)).toBe(known);
  });

  test('stay bounded while all keys are used in turn over a long time', () => {
    const table = new BucketTable(shape, 0, 100);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 10) {
      table.find(`key ${nowMs % 900}`, nowMs);
      table.find(`other ${nowMs}`, nowMs);
      expect(table.size).toBeLessThanOrEqual(100);
    }
  });

  test('are kept until they are full, so that no caller empties its own by other keys', () => {
    const table = new BucketTable(shape, 0, 100);
    const bucket = table.find('greedy', 1900);
    bucket.take(20, 1900);
    for (let nowMs = 1901; nowMs < 3900; nowMs++) table.find(`key ${nowMs}`, nowMs);
    expect(table.find('greedy', 3899)).toBe(bucket);
  });

  test('are dropped once they are full', () => {
    const table = new BucketTable(shape, 0, 100);
    for (let index = 0; index < 100; index++) table.find(`key ${index}`, 0);
    table.find('key 0', 2000);
    expect(table.size).toBe(100);
    table.find('key 0', 4000);
    expect(table.size).toBe(1);
    expect(table.find('new', 4000)).not.toBe(table.find('other', 4000));
  });

  test('keep the hash of a long key, and distinguish keys that are not valid text', () => {
    const table = new BucketTable(shape, 0);
    const long = 'x'.repeat(60_000);
    expect(table.find(`${long}1`, 0)).not.toBe(table.find(`${long}2`, 0));
    expect(table.find(`${long}1`, 0)).toBe(table.find(`${long}1`, 0));
    expect(table.find('\ud800', 0)).toBe(table.find('\ud800', 0));
    expect(table.find('\ud800', 0)).not.toBe(table.find('\ud801', 0));
    expect(table.size).toBe(4);
  });
});
