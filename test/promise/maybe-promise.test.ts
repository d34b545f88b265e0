import { describe, expect, test } from 'vitest';
import { andThen, isPromiseLike } from '../../src/promise/maybe-promise.ts';

describe('andThen', () => {
  test('stays synchronous for a value', () => {
    expect(andThen(1, (value) => value + 1)).toBe(2);
  });

  test('waits for a promise', async () => {
    const result = andThen(Promise.resolve(1), (value) => value + 1);
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toBe(2);
  });

  test('passes a rejection on', async () => {
    const error = new Error('no');
    await expect(andThen(Promise.reject(error), () => expect.fail())).rejects.toBe(error);
  });
});

test.each<[unknown, boolean]>([
  [Promise.resolve(), true],
  // biome-ignore lint/suspicious/noThenProperty: this is what is tested
  [{ then() {} }, true],
  // biome-ignore lint/suspicious/noThenProperty: this is what is tested
  [{ then: 1 }, false],
  [null, false],
  [undefined, false],
  ['then', false],
])('isPromiseLike(%o) is %s', (value, expected) => {
  expect(isPromiseLike(value)).toBe(expected);
});
