import { describe, expect, test } from 'vitest';
import { shorten } from '../../src/text/shorten.ts';

describe('a text', () => {
  test.each([
    ['', ''],
    ['abcd', 'abcd'],
    ['abcde', 'abc…'],
    ['ab😀de', 'ab\ufffd…'],
    ['\ud800', '\ufffd'],
  ])('%j is %j within four characters', (text, shortened) => {
    expect(shorten(text, 4)).toBe(shortened);
  });
});
