import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeatedMember } from '../../../src/conversion/json/repeated-member.ts';

describe('repeatedMember', () => {
  test.each([
    ['{"a":1,"a":1}', '/a'],
    ['{"a":1 , "\\u0061" : 2}', '/a'],
    ['{"a":{"b":1},"c":[{"b":1},{"b":1,"d":0,"b":2}]}', '/c/1/b'],
    ['[[],[1,{"a/b":1,"a/b":2}]]', '/1/1/a~1b'],
    ['{"":1,"":2}', '/'],
    ['{"__proto__":1,"__proto__":2}', '/__proto__'],
    ['{"a\\"":"a\\\\","a\\"":1}', '/a"'],
    ['{"a":[1,{"b":2}],"a":3}', '/a'],
  ])('finds the repeated member of %s', (json, path) => {
    JSON.parse(json);
    expect(repeatedMember(json)).toBe(path);
  });

  test.each([
    '{}',
    '[]',
    '7',
    '"a:b"',
    '{"a":"b","b":{"a":"a"}}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '[{"a":1},{"a":2}]',
  ])('finds none in %s', (json) => expect(repeatedMember(json)).toBeUndefined());

  test('finds none in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, '\t'), (value, space) => {
        expect(repeatedMember(JSON.stringify(value, undefined, space))).toBeUndefined();
      }),
    );
  });

  test('survives any depth, and shortens a long path', () => {
    const depth = 200_000;
    const json = `${'[{"a":'.repeat(depth)}{"b":1,"b":2}${'}]'.repeat(depth)}`;
    const path = repeatedMember(json) ?? '';
    expect(path.startsWith('/0/a/0/a')).toBe(true);
    expect(path.length).toBeLessThanOrEqual(201);
  });
});
