import fc from 'fast-check';
import { safeParse } from 'fast-content-type-parse';
import { describe, expect, test } from 'vitest';
import {
  isBytes,
  isForm,
  isJson,
  isText,
  isValue,
  isXml,
  type MediaType,
  parseMediaType,
  toContentType,
  valueMediaType,
} from '../../src/conversion/media-type.ts';
import { anyText } from '../arbitraries.ts';

describe('a content type is parsed', () => {
  test('into its essence and charset in lower case, and keeps its text', () => {
    const text = 'Application/JSON; Charset="UTF-8"; v=1';
    expect(parseMediaType(text)).toEqual({ text, essence: 'application/json', charset: 'utf-8' });
  });

  test('without a charset where it names none', () => {
    expect(parseMediaType('text/plain')?.charset).toBeUndefined();
  });

  test('by its first charset where it names two', () => {
    expect(parseMediaType('text/plain; charset=latin1; charset=utf-8')?.charset).toBe('latin1');
  });

  test('the same again when it comes a second time', () => {
    expect(parseMediaType('text/csv; header=present')).toBe(parseMediaType('text/csv; header=present'));
  });

  test('drops old entries of its cache once there are many', () => {
    for (let count = 0; count < 10_000; count++) parseMediaType(`text/x${count}`);
    expect(parseMediaType('text/x1')).toEqual({ text: 'text/x1', essence: 'text/x1', charset: undefined });
  });

  test('whatever its parameters are named', () => {
    expect(parseMediaType('text/plain; __proto__=x; constructor=y')?.charset).toBeUndefined();
  });
});

describe('a text is no content type', () => {
  test.each([
    '',
    ' ',
    'json',
    '/',
    'text/',
    '/plain',
    'text /plain',
    'text/plain/x',
    'text/plain,text/html',
    'text/plain; charset',
    'text/plain; charset=',
    'text/plain; charset=\u0000',
    'text/plain\r\nx: y',
    'text/plain; a="\ud800"',
    '*',
    'text/pläin',
  ])('when it is %j', (text) => {
    expect(parseMediaType(text)).toBeUndefined();
  });

  test('makes the parser return undefined, never throw', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        parseMediaType(text);
        parseMediaType(`text/plain; ${text}`);
      }),
    );
  });
});

describe('a media type is written for others', () => {
  test.each([
    ['application/json', 'application/json'],
    ['Application/JSON', 'application/json'],
    ['application/json ; charset=UTF-8', 'application/json;charset=UTF-8'],
    ['application/json;\tCharset="UTF-8" ;', 'application/json;charset=UTF-8'],
    [' text/plain;;CHARSET=latin1', 'text/plain;charset=latin1'],
    ['text/csv; Header=Present; header=absent', 'text/csv;header=Present'],
    ['text/json', 'application/json'],
    ['Text/XML; charset=utf-8', 'application/xml;charset=utf-8'],
    ['application/vnd.api+json', 'application/vnd.api+json'],
    ['image/svg+xml', 'image/svg+xml'],
    ['text/x; v="1;2"', 'text/x;v="1;2"'],
    [String.raw`text/x; v="a\"\\b\c"; w=""`, String.raw`text/x;v="a\"\\bc";w=""`],
    ['text/x; __proto__=a; b=c', 'text/x;__proto__=a;b=c'],
  ])('%s as %s', (text, contentType) => {
    expect(toContentType(parseMediaType(text) as MediaType)).toBe(contentType);
  });

  test('such that it means the same, and is written the same again', () => {
    const name = fc.constantFrom('charset', 'v', 'Boundary', '__proto__', 'x-y');
    const value = fc.string({ unit: fc.constantFrom(...'aB1 ;="\\\t,é'), maxLength: 6 });
    const space = fc.constantFrom('', ' ', '\t', '; ');
    const parameter = fc
      .tuple(name, value, space, space)
      .map(([name, value, before, after]) => `${before};${after}${name}="${value.replace(/["\\]/g, '\\$&')}"`);
    fc.assert(
      fc.property(fc.constantFrom('text/x', 'Application/JSON'), fc.array(parameter), (essence, parameters) => {
        const given = parseMediaType(`${essence}${parameters.join('')}`) as MediaType;
        const written = parseMediaType(toContentType(given)) as MediaType;
        expect(written).toEqual({ ...given, text: written.text });
        expect(safeParse(written.text).parameters).toEqual(safeParse(given.text).parameters);
        expect(toContentType(written)).toBe(written.text);
      }),
    );
  });
});

describe('a media type is known by its essence', () => {
  const kinds = { isJson, isXml, isForm, isText, isBytes, isValue };

  test.each<[string, keyof typeof kinds]>([
    ['application/json', 'isJson'],
    ['text/json; charset=utf-8', 'isJson'],
    ['application/problem+json', 'isJson'],
    ['APPLICATION/VND.API+JSON', 'isJson'],
    ['application/xml', 'isXml'],
    ['text/xml', 'isXml'],
    ['image/svg+xml', 'isXml'],
    ['application/x-www-form-urlencoded', 'isForm'],
    ['text/plain; charset=latin1', 'isText'],
    ['application/octet-stream', 'isBytes'],
    ['application/x-js', 'isValue'],
  ])('%s: %s alone', (text, kind) => {
    const mediaType = parseMediaType(text) as MediaType;
    const found = Object.entries(kinds).filter(([, is]) => is(mediaType));
    expect(found.map(([name]) => name)).toEqual([kind]);
  });

  test.each(['application/jsonx', 'application/json-seq', 'text/plain+json2', 'text/html', 'multipart/form-data'])(
    'differs from %s',
    (text) => {
      const mediaType = parseMediaType(text) as MediaType;
      expect(Object.values(kinds).some((is) => is(mediaType))).toBe(false);
    },
  );

  test('a value is a value', () => {
    expect(isValue(valueMediaType)).toBe(true);
  });
});
