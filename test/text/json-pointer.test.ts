import { expect, test } from 'vitest';
import { escapePointer, unescapePointer } from '../../src/text/json-pointer.ts';

test.each([
  ['a/b', 'a~1b'],
  ['m~n', 'm~0n'],
  ['~1', '~01'],
  [7, '7'],
])('escapes the key %s as %s, and restores it', (key, escaped) => {
  expect(escapePointer(key)).toBe(escaped);
  expect(unescapePointer(escaped)).toBe(String(key));
});
