import fc from 'fast-check';
import Type from 'typebox';
import { Format } from 'typebox/format';
import { describe, expect, test } from 'vitest';
import { withBoundedKeywords } from '../../src/schema/bounded-keywords.ts';
import { maxFormatted, restartSearchTime } from '../../src/schema/safe-patterns.ts';
import type { Schema } from '../../src/schema/schema.ts';
import { compileSchema } from '../../src/schema/schema-check.ts';
import { convertTo, issues } from '../conversion/convert-to.ts';

let looks = 0;

/** A check that accepts every value, and counts its calls. */
const Counted = Type.Refine(Type.Unknown(), () => {
  looks++;
  return true;
});

const names = Array.from({ length: 1_000 }, (_, index) => `name-${index}`);
const objects = names.map((name) => ({ name, at: [name] }));

/** Returns the branches that are tried for a value. */
function branchesOf(schema: object): readonly unknown[] {
  const { anyOf, oneOf } = withBoundedKeywords(schema) as { anyOf?: unknown[]; oneOf?: unknown[] };
  return anyOf ?? oneOf ?? [];
}

describe('a union of a thousand literals', () => {
  test.each<[string, Schema, number]>([
    ['of texts', Type.Union(names.map((name) => Type.Literal(name))), 1],
    ['of which exactly one must fit', Type.Unsafe({ oneOf: names.map((name) => ({ const: name })) }), 1],
    [
      'with null and an object',
      Type.Union([...names.map((name) => Type.Literal(name)), Type.Null(), Type.Object({})]),
      2,
    ],
    ['in enums', Type.Unsafe({ anyOf: names.map((name) => ({ enum: [name, `${name}!`] })) }), 1],
  ])('has few branches, %s', (_, schema, branches) => {
    expect(branchesOf(schema)).toHaveLength(branches);
    expect(convertTo(schema, 'name-999')).toBe('name-999');
    expect(issues(schema, 'other')).toEqual([expect.stringMatching(/^ must be (exactly )?.*name-0/)]);
  });

  test('is left alone where two of its branches have the same literal', () => {
    const schema = { oneOf: [...names.map((name) => ({ const: name })), { const: 'name-0' }] };
    const { check } = compileSchema(Type.Unsafe(schema));
    expect(check('name-1')).toBe(true);
    expect(check('name-0')).toBe(false);
  });

  test('keeps the type of each literal', () => {
    const branches = names.map((name, index) => ({ type: index === 7 ? 'number' : 'string', const: name }));
    const { check } = compileSchema(Type.Unsafe({ anyOf: branches }));
    expect(check('name-6')).toBe(true);
    expect(check('name-7')).toBe(false);
  });

  test('accepts what a comparison with each accepts', () => {
    const literal = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.boolean(), fc.constantFrom('a', 'b', '1', ''));
    fc.assert(
      fc.property(fc.array(literal, { minLength: 20, maxLength: 40 }), literal, (literals, value) => {
        const { check } = compileSchema(Type.Unsafe({ anyOf: literals.map((one) => ({ const: one })) }));
        expect(check(value)).toBe(literals.includes(value));
        const exclusive = compileSchema(Type.Unsafe({ oneOf: literals.map((one) => ({ const: one })) }));
        expect(exclusive.check(value)).toBe(literals.filter((one) => one === value).length === 1);
      }),
    );
  });
});

describe('an enum of a thousand objects', () => {
  const Named = Type.Unsafe<object>({ enum: objects });

  test('accepts each by its fields, and names the permitted values for any other', () => {
    expect(convertTo(Type.Array(Named), [{ at: ['name-999'], name: 'name-999' }])).toHaveLength(1);
    expect(issues(Type.Array(Named), [{ name: 'name-999' }])).toEqual([
      expect.stringMatching(/^\/0 must be one of .* 980 more$/),
    ]);
    expect(issues(Type.Unsafe({ const: objects[0] }), {})).toEqual([' must be [object Object]']);
  });

  test('reads each item a few times, also where no item fits', () => {
    let reads = 0;
    const item = new Proxy({} as Record<string, unknown>, {
      ownKeys(target) {
        reads++;
        return Reflect.ownKeys(target);
      },
    });
    const value = Array.from({ length: 100 }, () => item);
    expect(issues(Type.Unsafe({ type: 'array', contains: { enum: objects } }), value)).toHaveLength(1);
    expect(reads).toBeLessThan(100 * 10);
  });
});

describe('a list whose items must differ', () => {
  test('is compared once by all branches of a union', () => {
    let reads = 0;
    const items = Array.from({ length: 50 }, (_, index) => {
      const counting = {
        ownKeys(target: object) {
          reads++;
          return Reflect.ownKeys(target);
        },
      };
      return new Proxy<object>({ id: Math.min(index, 48) }, counting);
    });
    const branches = Array.from({ length: 8 }, (_, count) => ({ type: 'array', uniqueItems: true, minItems: count }));
    expect(compileSchema(Type.Unsafe({ anyOf: branches })).check(items)).toBe(false);
    expect(reads).toBe(items.length);
  });
});

describe('a union of a thousand objects', () => {
  const events = names.map((name) => Type.Object({ counted: Counted, event: Type.Literal(name) }));

  test.each<[string, Schema]>([
    ['of any kind', Type.Union(events)],
    ['of which exactly one must fit', Type.Unsafe({ oneOf: events })],
    ['with a text', Type.Union([...events, Type.String()])],
  ])('tries a few of them for a value, %s', (_, schema) => {
    for (const name of ['name-0', 'name-500', 'name-999']) {
      looks = 0;
      const value = { counted: 1, event: name };
      expect(convertTo(schema, value)).toBe(value);
      expect(looks).toBeGreaterThan(0);
      expect(looks).toBeLessThan(40);
    }
    looks = 0;
    expect(issues(schema, { counted: 1, event: 'other' })).toEqual([expect.stringContaining('/event must be one of')]);
    expect(looks).toBeLessThan(100);
  });

  test('tries all of those that no literal distinguishes', () => {
    const { check } = compileSchema(
      Type.Union(names.slice(0, 40).map((name) => Type.Object({ [name]: Type.Number() }))),
    );
    expect(check({ 'name-39': 1 })).toBe(true);
    expect(check({ 'name-40': 1 })).toBe(false);
  });

  test('accepts an instance whose literal is a getter of its class', () => {
    class Placed {
      readonly counted = 1;
      get event(): string {
        return 'name-3';
      }
    }
    expect(compileSchema(Type.Union(events)).check(new Placed())).toBe(true);
  });
});

describe('a limit that is a BigInt', () => {
  test.each<[string, object, unknown, unknown, string]>([
    ['minimum', { minimum: 2n ** 60n }, 2n ** 60n, 2n ** 60n - 1n, 'must be >= 1152921504606846976'],
    ['maximum', { maximum: 2n ** 60n }, 2n ** 60n, 2n ** 60n + 1n, 'must be <= 1152921504606846976'],
    ['exclusiveMinimum', { exclusiveMinimum: 1n }, 2n, 1n, 'must be > 1'],
    ['exclusiveMaximum', { exclusiveMaximum: 1n }, 0n, 1n, 'must be < 1'],
    ['multipleOf', { multipleOf: 3n }, 2n ** 60n - 1n, 2n ** 60n, 'must be multiple of 3'],
    ['const', { const: 2n ** 60n }, 2n ** 60n, 2n ** 60n + 1n, 'must be 1152921504606846976'],
    ['enum', { enum: [1n, 2n ** 60n] }, 2n ** 60n, 2n ** 60n + 1n, 'must be one of 1, 1152921504606846976'],
  ])('is no keyword of the compiled schema: %s', (keyword, keywords, value, other, message) => {
    const schema = Type.Unsafe<bigint>({ type: 'bigint', ...keywords });
    // JSON has no BigInt.
    expect(JSON.stringify(withBoundedKeywords(schema))).not.toContain(keyword);
    expect(convertTo(schema, value)).toBe(value);
    expect(issues(schema, other)).toEqual([` ${message}`]);
  });

  test('constrains numbers only', () => {
    const { check } = compileSchema(Type.Unsafe({ minimum: 2n, multipleOf: 2n }));
    expect(['x', null, {}, 2, 2n, 1e300].every((value) => check(value))).toBe(true);
    expect([1, 3n, 2.5].some((value) => check(value))).toBe(false);
  });
});

describe('a list that counts its items of a kind', () => {
  const list = Array.from({ length: 10_000 }, () => 1);

  test.each<[string, object]>([
    ['too many', { contains: Counted, maxContains: 5 }],
    ['too few', { contains: Type.Intersect([Counted, Type.String()]), minContains: 2, maxContains: 5 }],
  ])('looks at each item a few times if it has %s', (_, keywords) => {
    looks = 0;
    const found = issues(Type.Unsafe({ type: 'array', ...keywords }), list);
    expect(found).toEqual([' must contain at least 1 valid item']);
    expect(looks).toBeLessThan(list.length * 5);
  });

  test.each<[object, boolean]>([
    [{ contains: { const: 1 } }, true],
    [{ contains: { const: 2 } }, false],
    [{ contains: { const: 2 }, minContains: 0 }, true],
    [{ contains: { const: 1 }, minContains: 3 }, false],
    [{ contains: { const: 1 }, maxContains: 1 }, false],
    [{ contains: true, minContains: 2 }, true],
    [{ contains: false }, false],
  ])('is explained as it is checked: %j', (keywords, fits) => {
    const schema = Type.Unsafe({ type: 'array', ...keywords });
    if (fits) expect(convertTo(schema, [1, 1])).toEqual([1, 1]);
    else expect(issues(schema, [1, 1])).toEqual([' must contain at least 1 valid item']);
  });
});

describe('a union of objects that are literals', () => {
  test('has one branch, in which each is found', () => {
    const schema = Type.Unsafe({ anyOf: objects.map((one) => ({ const: one })) });
    expect(branchesOf(schema)).toHaveLength(1);
    expect(convertTo(schema, { at: ['name-999'], name: 'name-999' })).toEqual(objects[999]);
    const twice = Type.Unsafe({
      oneOf: [...objects, { at: ['name-0'], name: 'name-0' }].map((one) => ({ const: one })),
    });
    expect(compileSchema(twice).check(objects[0])).toBe(false);
    expect(compileSchema(twice).check(objects[1])).toBe(true);
  });
});

describe('a format whose check is slow for long texts', () => {
  /** Returns the texts that TypeBox checks meanwhile. */
  function textsChecked(format: string, work: () => void): string[] {
    const check = Format.Get(format) ?? expect.unreachable();
    const texts: string[] = [];
    Format.Set(format, (text) => {
      texts.push(text);
      return check(text);
    });
    try {
      work();
    } finally {
      Format.Set(format, check);
    }
    return texts;
  }

  const accents = `a${'\u0316\u0301'.repeat(1_000)}`;

  test.each<[string, string, string]>([
    ['date-time', 'T'.repeat(1_000_000), '2026-12-01T09:00:00Z'],
    ['idn-email', `${accents}@example.org`, 'ä@example.org'],
    ['idn-hostname', `${accents}.example.org`, 'ä.example.org'],
    ['regex', '\\p{L}'.repeat(1_000), '^[\\p{L}\\P{Script=Greek}-]+$'],
  ])('is not checked for a text of more than a thousand characters: %s', (format, long, valid) => {
    const type = Type.String({ format });
    const texts = textsChecked(format, () => {
      expect(issues(type, long)).toEqual([` must match format "${format}"`]);
      expect(convertTo(type, valid)).toBe(valid);
      expect(issues(type, '(')).toEqual([` must match format "${format}"`]);
    });
    expect(texts).toContain('(');
    expect(texts).not.toContain(long);
  });

  test.each(['\\p{L}', '[\\p{L}\\p{Nd}]', '\\\\p{1}', '\\p{Lu}\\P{Lu}{2}', '\\cA\\u{41}', '(?<a>\\k<a>)'])(
    'takes the regular expression %s as JavaScript does',
    (text) => {
      expect(() => new RegExp(text, 'u')).not.toThrow();
      expect(convertTo(Type.String({ format: 'regex' }), text)).toBe(text);
    },
  );

  test.each(['\\p{None}', '\\p{L', '[\\p{L}-z]', '\\p', '\\', '\\p{}', '\\p{L}**'])(
    'refuses %s as JavaScript does',
    (text) => {
      expect(() => new RegExp(text, 'u')).toThrow();
      expect(issues(Type.String({ format: 'regex' }), text)).toEqual([' must match format "regex"']);
    },
  );

  const tooMany = `it and the texts of the formats idn-hostname and regex before it have more than ${maxFormatted} characters`;

  test('is checked for a bounded number of characters, plain host names excepted', () => {
    const type = Type.Array(Type.String({ format: 'idn-hostname' }));
    const plain = Array(20_000).fill('shop-1.example.org');
    const others = Array.from({ length: 1_000 }, (_, index) => `${'ä'.repeat(50)}.${'ö'.repeat(45)}${1_000 + index}`);
    expect(convertTo(type, [...plain, ...others])).toHaveLength(21_000);
    const texts = textsChecked('idn-hostname', () => {
      expect(issues(type, [...plain, ...others, 'ä.org', 'a.org', '('])).toEqual([
        `/21000 is not checked for format "idn-hostname", because ${tooMany}`,
        `/21002 is not checked for format "idn-hostname", because ${tooMany}`,
      ]);
    });
    expect(texts.filter((text) => text !== '')).toEqual(others);
  });

  test('compiles regular expressions of a bounded number of characters, each once', () => {
    const type = Type.Array(Type.String({ format: 'regex' }));
    const many = Array.from({ length: 10_000 }, (_, index) => `(xxx${10_000 + index})`);
    const texts = textsChecked('regex', () => {
      const first = many.slice(1);
      expect(issues(type, ['(', ...first, ...first, '(yyyyyyyyyy)', 'x'.repeat(1_001)])).toEqual([
        '/0 must match format "regex"',
        `/19999 is not checked for format "regex", because ${tooMany}`,
        '/20000 must match format "regex"',
      ]);
    });
    expect(texts).not.toContain('(yyyyyyyyyy)');
    expect(new Set(texts).size).toBe(texts.length);
  });

  test.each(['hostname', 'idn-hostname'])('accepts what TypeBox accepts: %s', (format) => {
    const label = fc.string({ unit: fc.constantFrom(...'ax0-'), maxLength: 65 });
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
        const text = labels.join('.');
        restartSearchTime();
        expect(compileSchema(Type.String({ format })).check(text)).toBe(Format.Test(format, text));
      }),
      { numRuns: 500 },
    );
  });

  test('accepts what TypeBox accepts: iri-reference', () => {
    const unit = fc.oneof(
      fc.constantFrom(...'/:?#%\\ .@[]a1-\t\u007f\u0085é\ud800'),
      fc.string({ unit: 'binary', maxLength: 1 }),
    );
    const check = compileSchema(Type.String({ format: 'iri-reference' })).check;
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        expect(check(text)).toBe(Format.Test('iri-reference', text));
      }),
      { numRuns: 2_000 },
    );
    expect(check(`a/${'é'.repeat(5_000)}`)).toBe(true);
  });

  test('resolves no relative path: iri-reference', () => {
    const type = Type.Array(Type.String({ format: 'iri-reference' }));
    const texts = textsChecked('iri-reference', () => {
      expect(issues(type, [...Array(1_000).fill('a/b.html'), '\\ bad'])).toEqual([
        '/1000 must match format "iri-reference"',
      ]);
    });
    expect(texts).not.toContain('a/b.html');
  });

  test('compiles each property of Unicode once', () => {
    const texts = textsChecked('regex', () => {
      convertTo(Type.Array(Type.String({ format: 'regex' })), Array(50).fill('\\p{Script=Thai}'.repeat(50)));
    });
    expect(texts.filter((text) => text.includes('p{'))).toEqual(['\\p{Script=Thai}']);
  });
});
