import { describe, expect, test } from 'vitest';
import { readDeliveryCount, readXDeath } from '../../../src/engine/broker/read-broker-notes.ts';

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

describe('readXDeath', () => {
  const death = { reason: 'expired', queue: 'distributed_billing', time: 1_700_000_000 };
  const onBus = { ...death, exchange: 'ecotone.distributed', 'routing-keys': ['order.placed'] };
  const read = (...deaths: unknown[]) => readXDeath({ 'x-death': deaths });

  test('reads the latest entry', () => {
    const expected = { reason: 'expired', queue: 'distributed_billing', timeMs: 1_700_000_000_000 };
    expect(read(death, { ...death, reason: 'rejected' })).toEqual({ ...expected, publishedKey: undefined });
    expect(read(onBus)).toEqual({ ...expected, publishedKey: 'order.placed' });
  });

  test('reads no key of a message that did not come through the bus', () => {
    expect(read({ ...onBus, exchange: '' })?.publishedKey).toBeUndefined();
    expect(read({ ...onBus, exchange: 'littoral_billing_delay_end' })?.publishedKey).toBeUndefined();
    expect(read({ ...onBus, 'routing-keys': [7] })?.publishedKey).toBeUndefined();
  });

  test('reads nothing that no broker writes', () => {
    expect(read({ reason: 'expired', queue: 7, time: 'now', exchange: {} })).toEqual({ reason: 'expired' });
    for (const deaths of [undefined, 'x', 7, {}, [], [7], [null], [{ reason: 7 }]]) {
      expect(readXDeath({ 'x-death': deaths })).toBeUndefined();
    }
  });
});
