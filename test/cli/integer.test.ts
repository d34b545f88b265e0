import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { integer } from '../../src/cli/integer.ts';

test.each([
  ['1', 1],
  ['0100', 100],
  ['255', 255],
])('%s is a number', (text, number) => {
  expect(integer(1, 255)(text)).toBe(number);
});

test.each(['', '0', '256', '-1', '+1', '1.0', '1e2', '0x10', ' 1', '1 ', 'one', '١', '9'.repeat(400)])(
  '%o is none from 1 to 255',
  (text) => {
    expect(() => integer(1, 255)(text)).toThrow(InvalidArgumentError);
  },
);
