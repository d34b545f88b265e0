import { expect, test } from 'vitest';
import { printable, printableJson, printableLines } from '../../src/cli/printable.ts';

test.each([
  ['żółw 🐢', 'żółw 🐢'],
  ['\u001b[2J', '\\u001b[2J'],
  ['a\u0000\u007f\u009b', 'a\\u0000\\u007f\\u009b'],
  ['\u202egnp', '\\u202egnp'],
  ['a\u2028b\ud800', 'a\\u2028b\\ud800'],
  ['\u{e0041}', '\\udb40\\udc41'],
])('what a message says cannot write on the terminal: %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
  expect(printableLines(text)).toBe(shown);
  expect(JSON.parse(printableJson({ text }))).toEqual({ text });
  expect(printable(printableJson({ text }))).toBe(printableJson({ text }));
});

test('lines and tabs are kept where there may be several lines', () => {
  expect(printable('a\nb\tc')).toBe('a\\u000ab\\u0009c');
  expect(printableLines('a\nb\tc\r')).toBe('a\nb\tc\\u000d');
});
