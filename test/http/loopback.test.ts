import { describe, expect, test } from 'vitest';
import { isLoopback } from '../../src/http/loopback.ts';

describe('isLoopback', () => {
  test.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    'shop.localhost',
    'shop.localhost.',
    '127.0.0.1',
    '127.255.0.2',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
  ])('holds for %s', (name) => {
    expect(isLoopback(name)).toBe(true);
  });

  test.each([
    '',
    '.',
    'localhost..',
    '.localhost',
    'localhost.example',
    'evillocalhost',
    '127.0.0.1.example',
    '128.0.0.1',
    '0.0.0.0',
    '::',
    '::2',
    '::ffff:10.0.0.1',
  ])('does not hold for %j', (name) => {
    expect(isLoopback(name)).toBe(false);
  });
});
