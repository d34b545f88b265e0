import Type from 'typebox';
import { Settings } from 'typebox/system';
import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../src/schema/schema-check.ts';

const Numbers = Type.Object(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`n${index}`, Type.Number()])));
const texts = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`n${index}`, 'x']));

describe('the issues of a value', () => {
  test('are none when it passes', () => {
    const { check, issues } = compileSchema(Type.Object({ a: Type.String() }));
    expect(check({ a: 'x', b: 1 })).toBe(true);
    expect(issues({ a: 'x', b: 1 })).toEqual([]);
  });

  test('are each reported with its path', () => {
    const { issues } = compileSchema(Type.Object({ a: Type.Array(Type.String()), 'b/c': Type.Number() }));
    expect(issues({ a: ['x', 1], 'b/c': 'y' })).toEqual([
      { path: '/a/1', message: 'must be string' },
      { path: '/b~1c', message: 'must be number' },
    ]);
  });

  test('are all reported, however many', () => {
    expect(compileSchema(Numbers).issues(texts)).toHaveLength(30);
  });

  test('are reported up to fifty, so that an answer does not become larger than what it answers', () => {
    expect(compileSchema(Type.Array(Type.Number())).issues(Array(10_000).fill('x'))).toHaveLength(50);
  });

  test('leave the settings of TypeBox as others in the process know them', () => {
    const before = Settings.Get().maxErrors;
    compileSchema(Numbers).issues(texts);
    expect(Settings.Get().maxErrors).toBe(before);
  });

  test('have a path of bounded length', () => {
    const { issues } = compileSchema(Type.Record(Type.String(), Type.Number()));
    const [issue] = issues({ ['k'.repeat(100_000)]: 'x' });
    expect(issue?.path).toMatch(/^\/k{198}…$/);
  });

  test('quote no part of the value', () => {
    const { issues } = compileSchema(
      Type.Object({
        literal: Type.Literal('a'),
        pattern: Type.String({ pattern: '^a$' }),
        long: Type.String({ minLength: 99 }),
        either: Type.Union([Type.Literal('a'), Type.Number()]),
      }),
    );
    const secret = 'hunter2';
    const told = JSON.stringify(issues({ literal: secret, pattern: secret, long: secret, either: secret }));
    expect(told).not.toContain(secret);
  });
});

describe('a value that is nested too deeply for a recursive schema', () => {
  const Tree = Type.Cyclic({ Node: Type.Object({ next: Type.Optional(Type.Ref('Node')) }) }, 'Node');
  const { check, issues } = compileSchema(Tree);

  function nested(depth: number): unknown {
    let value: unknown = {};
    for (let level = 0; level < depth; level++) value = { next: value };
    return value;
  }

  test('does not pass, and says why', () => {
    expect(check(nested(100))).toBe(true);
    expect(check(nested(50_000))).toBe(false);
    expect(issues(nested(50_000))).toEqual([{ path: '', message: 'is nested too deeply' }]);
  });
});

test('what a getter of the value throws is not taken for an issue', () => {
  const { check } = compileSchema(Type.Object({ a: Type.String() }));
  const value = {
    get a() {
      throw new TypeError('of the getter');
    },
  };
  expect(() => check(value)).toThrow('of the getter');
});
