import { describe, expect, test } from 'vitest';
import { readDeliveryCount } from '../../../src/engine/amqp/read-broker-notes.ts';

describe('readDeliveryCount', () => {
  test.each([
    [undefined, 0],
    [0, 0],
    [3, 3],
    [-1000, 0],
    [0.5, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    [3n, 0],
    ['3', 0],
    [[3], 0],
    [null, 0],
  ])('reads %s as %i', (count, expected) => {
    expect(readDeliveryCount({ 'x-delivery-count': count })).toBe(expected);
  });

  test('reads an absent header as 0', () => {
    expect(readDeliveryCount({})).toBe(0);
  });
});
