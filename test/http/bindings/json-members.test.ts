import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonMembers } from '../../../src/http/bindings/json-members.ts';

test('the parts of an object are what JSON.parse reads, whatever the white space', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2, '\t', '\r\n '), (object, space) => {
      const json = ` ${JSON.stringify(object, undefined, space)}\n`;
      const parts = Array.from(jsonMembers(json) ?? [], ([name, text]) => [name, JSON.parse(text)] as const);
      expect(new Map(parts)).toEqual(new Map(Object.entries(JSON.parse(json))));
    }),
  );
});

test('numbers stay as they are written', () => {
  expect(Object.fromEntries(jsonMembers('{"a":1.10 ,"b" : 12345678901234567890,"a":-0.0}') ?? [])).toEqual({
    a: '-0.0',
    b: '12345678901234567890',
  });
});
