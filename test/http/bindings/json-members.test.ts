import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonMembers } from '../../../src/http/bindings/json-members.ts';

/** Returns the members of an object, and throws for a name that occurs twice. */
const membersOf = (json: string) =>
  jsonMembers(json, 1_000, (name) => {
    throw new Error(`${name} occurs twice`);
  });

test('the parts of an object are what JSON.parse reads, whatever the white space', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2, '\t', '\r\n '), (object, space) => {
      const json = ` ${JSON.stringify(object, undefined, space)}\n`;
      const parts = Array.from(membersOf(json) ?? [], ([name, text]) => [name, JSON.parse(text)] as const);
      expect(new Map(parts)).toEqual(new Map(Object.entries(JSON.parse(json))));
    }),
  );
});

test('numbers stay as they are written', () => {
  expect(Object.fromEntries(membersOf('{"a":1.10 ,"b" : 12345678901234567890,"c":-0.0}') ?? [])).toEqual({
    a: '1.10',
    b: '12345678901234567890',
    c: '-0.0',
  });
});

test('a name that occurs twice is reported, in whichever spelling', () => {
  expect(() => membersOf('{"a":1,"b":2,"\\u0061":1}')).toThrow('a occurs twice');
});
