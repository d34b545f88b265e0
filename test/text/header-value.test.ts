import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHeaderValue, encodeEncodedValue, encodeHeaderValue } from '../../src/text/header-value.ts';
import { anyText } from '../arbitraries.ts';

/** Texts with many characters that have a meaning to the encoding. */
const tricky = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...'%25CAFcaf0 \u00eb\u{1f600}\r\n\t"') }));
const allowed = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

describe('the value of a text header', () => {
  test('is decoded to the text that was encoded', () => {
    fc.assert(
      fc.property(tricky, (text) => {
        const value = encodeHeaderValue(text);
        expect(value).toMatch(allowed);
        expect(decodeHeaderValue(value)).toBe(text);
        expect(decodeURIComponent(value), 'by any program').toBe(text);
      }),
    );
  });

  test.each([
    ['Zo\u00eb', 'Zo%C3%AB'],
    ['100%', '100%25'],
    ['%41', '%2541'],
    ['Zo%C3%AB', 'Zo%25C3%25AB'],
    [' a b ', '%20a b%20'],
    ['a\r\nb', 'a%0D%0Ab'],
    ['\u{1f600}', '%F0%9F%98%80'],
  ])('of %j is %s', (text, value) => {
    expect(encodeHeaderValue(text)).toBe(value);
    expect(decodeHeaderValue(value)).toBe(text);
  });

  test.each(['100%', '%', '%41', '%zz', '%C3', '%c3%ab', 'a%20b', 'a%2Fb', '50% of %25', '\u00eb %25', '%C3%AB%', '+'])(
    'stays as it is where it was never encoded: %j',
    (value) => expect(decodeHeaderValue(value)).toBe(value),
  );

  test('keeps the percent signs of a text that encodes itself', () => {
    expect(encodeEncodedValue('userId=Zo%C3%AB,key=a b')).toBe('userId=Zo%C3%AB,key=a b');
    expect(encodeEncodedValue('key=\u00eb\r\n')).toBe('key=%C3%AB%0D%0A');
    fc.assert(fc.property(tricky, (text) => allowed.test(encodeEncodedValue(text))));
  });
});
