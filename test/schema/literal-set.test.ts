import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LiteralSet } from '../../src/schema/literal-set.ts';

let reads = 0;

/** Returns an object that counts how often its names are read. */
function counted(value: object): object {
  return new Proxy(value, {
    ownKeys(target) {
      reads++;
      return Reflect.ownKeys(target);
    },
  });
}

const value = fc.jsonValue({ maxDepth: 3, noUnicodeString: true }).map((one) => JSON.parse(JSON.stringify(one)));

/** Returns a copy whose objects have their fields in the opposite order. */
function reversed(one: unknown): unknown {
  if (Array.isArray(one)) return one.map(reversed);
  if (typeof one !== 'object' || one === null) return one;
  return Object.fromEntries(
    Object.entries(one)
      .map(([name, field]) => [name, reversed(field)])
      .reverse(),
  );
}

describe('a set of literals', () => {
  test('has the same values as a comparison with each literal', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), fc.array(value, { maxLength: 3 }), (literals, others) => {
        const set = new LiteralSet(literals);
        for (const one of [...literals.map(reversed), ...others]) {
          expect(set.has(one)).toBe(literals.some((literal) => isDeepStrictEqual(literal, one)));
        }
      }),
    );
  });

  test.each<[unknown, unknown]>([
    [{ a: 'b' }, ['a', 'b']],
    [['a', 'b'], ['a1"b']],
    [[1, 2], [12]],
    [[[1], 2], [[1, 2]]],
    [{ a: 1 }, { a: '1' }],
    [{ a: 1n }, { a: 1 }],
    [{ a: null }, { a: undefined }],
    [{ a: undefined }, {}],
    [{ length: 0 }, []],
    [{ a: Number.NaN }, { a: Number.NaN }],
    [Number.NaN, Number.NaN],
    ['1', 1],
    [1n, 1],
  ])('of %o has no %o', (literal, other) => {
    expect(new LiteralSet([literal]).has(other)).toBe(false);
  });

  test('takes 0 and -0 for the same number', () => {
    expect(new LiteralSet([0]).has(-0)).toBe(true);
    expect(new LiteralSet([{ a: -0 }]).has({ a: 0 })).toBe(true);
  });

  test('reads a value once, however many literals there are', () => {
    const set = new LiteralSet(Array.from({ length: 10_000 }, (_, index) => ({ a: index, b: [{ c: index }] })));
    reads = 0;
    expect(set.has(counted({ b: [counted({ c: 9_999 })], a: 9_999 }))).toBe(true);
    expect(set.has(counted({ b: [counted({ c: 9_999 })], a: 1 }))).toBe(false);
    expect(reads).toBe(4);
  });

  test('reads no more of a value than its literals are long and deep', () => {
    const set = new LiteralSet([{ a: { b: 1 } }]);
    reads = 0;
    expect(set.has(Array.from({ length: 100_000 }, () => counted({})))).toBe(false);
    expect(reads).toBeLessThan(30);
    const cycle: Record<string, unknown> = {};
    cycle.a = counted(cycle);
    expect(set.has(cycle)).toBe(false);
    expect(reads).toBeLessThan(30);
  });
});
