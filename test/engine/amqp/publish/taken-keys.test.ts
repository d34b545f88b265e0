import { expect, test } from 'vitest';
import { TakenKeys } from '../../../../src/engine/amqp/publish/taken-keys.ts';

test('accepted keys are recognized, and after ten thousand of them every key counts as accepted', () => {
  const keys = new TakenKeys();
  keys.add('a');
  expect([keys.has('a'), keys.has('b')]).toEqual([true, false]);
  for (let index = 1; index < 10_000; index++) keys.add(`key ${index}`);
  expect(keys.has('b')).toBe(false);
  keys.add('one more');
  expect(keys.has('b')).toBe(true);
});
