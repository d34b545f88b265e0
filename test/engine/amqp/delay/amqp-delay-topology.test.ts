import { describe, expect, test } from 'vitest';
import { levelHeaders, withoutDelayTraces } from '../../../../src/engine/amqp/delay/amqp-delay-topology.ts';
import { isReservedHeader } from '../../../../src/message/reserved-headers.ts';

const onLevel = { queue: 'littoral_shop_delay_9', reason: 'expired', count: 1 };
const elsewhere = { queue: 'distributed_shop', reason: 'delivery_limit', count: 1 };

test('the headers say of each level, down from the first, whether a message waits there', () => {
  expect(levelHeaders([3, 1])).toEqual({
    'x-littoral-delay-3': true,
    'x-littoral-delay-2': false,
    'x-littoral-delay-1': true,
    'x-littoral-delay-0': false,
  });
});

test('no caller can set such a header', () => {
  for (const name of Object.keys(levelHeaders([31]))) expect(isReservedHeader(name), name).toBe(true);
});

describe('a message that was delayed', () => {
  test('has no trace of the delay', () => {
    const traces = {
      ...levelHeaders([9, 0]),
      'x-death': [onLevel, { ...onLevel, queue: 'littoral_shop_delay_0' }],
      'x-first-death-queue': 'littoral_shop_delay_9',
      'x-first-death-reason': 'expired',
      'x-first-death-exchange': 'littoral_shop_delay_9',
      'x-last-death-queue': 'littoral_shop_delay_0',
      'x-last-death-reason': 'expired',
      'x-last-death-exchange': '',
    };
    expect(withoutDelayTraces({ id: '7', executorId: 'alice', ...traces })).toEqual({ id: '7', executorId: 'alice' });
  });

  test('keeps the traces of what happened to it later', () => {
    const later = {
      'x-death': [elsewhere, onLevel],
      'x-last-death-queue': 'distributed_shop',
      'x-last-death-reason': 'a',
    };
    const first = { 'x-first-death-queue': 'littoral_shop_delay_9', 'x-first-death-reason': 'expired' };
    expect(withoutDelayTraces({ ...levelHeaders([9]), ...later, ...first })).toEqual({
      ...later,
      'x-death': [elsewhere],
    });
  });
});

test.each<[string, Record<string, unknown>]>([
  ['without any death', { id: '7', 'x-littoral-delay-3': 'of somebody else' }],
  ['that died elsewhere', { 'x-death': [elsewhere], 'x-first-death-queue': 'distributed_shop' }],
  ['whose deaths are no list', { 'x-death': 'littoral_shop_delay_9' }],
  ['whose deaths are nothing that a broker writes', { 'x-death': [null, 7, 'x', [], { queue: 9 }, { queue: {} }] }],
])('a message %s is left as it is', (_, headers) => {
  expect(withoutDelayTraces(headers)).toBe(headers);
});
