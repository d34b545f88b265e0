import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { caught } from '../caught.ts';
import { contextOf, evaluate } from './evaluate.ts';

const payload = { a: 'x,y', b: '1,2,3', word: 'banana' };

describe('a regular expression in a variable', () => {
  test.each<[string, unknown]>([
    [
      '($p := /,/; [[$split(payload.a, $p)], [$split(payload.b, $p)]])',
      [
        ['x', 'y'],
        ['1', '2', '3'],
      ],
    ],
    ['($p := /,/; { "a": $split(payload.a, $p), "b": $split(payload.b, $p) })', { a: ['x', 'y'], b: ['1', '2', '3'] }],
    [
      '($p := /,/; [$contains(payload.a, $p), $contains(payload.a, $p), $contains(payload.word, $p)])',
      [true, true, false],
    ],
    ['($p := /an/; [$count($match(payload.word, $p)), $replace(payload.word, $p, "-")])', [2, 'b--a']],
    // While one use goes on, another begins.
    [
      '($p := /[a-z]/; $replace(payload.word, $p, function($m){ $replace($m.match, $p, "<$0>") }))',
      '<b><a><n><a><n><a>',
    ],
    ['($p := /,/; $map([payload.a, payload.b], function($t){ $count($split($t, $p)) }))', [2, 3]],
    [
      '($cut := function($t, $by){ $split($t, $by) }; $p := /,/; [$cut(payload.a, $p), $cut(payload.b, $p)])',
      ['x', 'y', '1', '2', '3'],
    ],
    [
      '($cut := (function($by){ function($t){ $split($t, $by) } })(/,/); [$cut(payload.b), $cut(payload.a)])',
      ['1', '2', '3', 'x', 'y'],
    ],
    [
      '($p := /,/; payload.(a & ";" & b) ~> $split(/;/) ~> $map(function($t){ $join($split($t, $p), "+") }))',
      ['x+y', '1+2+3'],
    ],
    ['($m := $match(payload.word, /a(n)?/); $m.match)', ['an', 'an', 'a']],
    ['payload{ a: $split(a, /,/) }', { 'x,y': ['x', 'y'] }],
    ['$split(payload.a, /,/) ?? "none"', ['x', 'y']],
    ['$contains(payload.a, /;/) ?: "none"', 'none'],
    ['$contains(payload.a, /,/) ?: "none"', true],
  ])('gives right results each time: %s', async (text, expected) => {
    expect(await evaluate(text, { payload })).toStrictEqual(expected);
  });

  test('is used by evaluations at the same time', async () => {
    const expression = compileExpression(
      '($p := /,/; $map(payload, function($t){ [$split($t, $p), service.wait()] }))',
    );
    const service = { wait: () => new Promise((resolve) => setImmediate(() => resolve('|'))) };
    const payloads = [
      ['a,b', 'c'],
      ['d', 'e,f,g'],
      [',', ',,'],
    ];
    const results = payloads.map((one) => expression.evaluate(contextOf({ payload: one, service })));
    expect(await Promise.all(results)).toEqual([
      [
        ['a', 'b', '|'],
        ['c', '|'],
      ],
      [
        ['d', '|'],
        ['e', 'f', 'g', '|'],
      ],
      [
        ['', '', '|'],
        ['', '', '', '|'],
      ],
    ]);
  });

  test('does what it does in JavaScript, for any text', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ',', '-', 'ä', '😀'), maxLength: 20 });
    const all = compileExpression(
      '($p := /[,-]+/; { "a": [$split(payload.x, $p)], "b": [$split(payload.y, $p)], "c": $replace(payload.x, $p, "_"), "d": $contains(payload.y, $p) })',
    );
    await fc.assert(
      fc.asyncProperty(text, text, async (x, y) => {
        expect(await all.evaluate(contextOf({ payload: { x, y } }))).toEqual({
          a: x.split(/[,-]+/),
          b: y.split(/[,-]+/),
          c: x.replaceAll(/[,-]+/g, '_'),
          d: /[,-]+/.test(y),
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('a regular expression that could take very long', () => {
  test.each<[string, string]>([
    ['$contains(payload, /(a+)+$/)', `${'a'.repeat(100)}b`],
    ['$match(payload, /(a|a)*c/)', 'a'.repeat(100)],
    ['$match(payload, /^(?:a|aa)+$/)', `${'a'.repeat(200)}b`],
    ['$split(payload, /\\s+$/)', `${' '.repeat(1024 * 1024)}b`],
    ['$replace(payload, /.*.*.*.*=/, "")', 'a'.repeat(1000)],
    ['$contains(payload, /(.*)\\1(.*)\\2(.*)\\3=/)', 'a'.repeat(5000)],
    [`$replace(payload, /x/, function($m) { $contains("${'a'.repeat(100)}b", /(a+)+$/) ? "y" : "n" })`, 'x'],
  ])('is ended: %s', async (text, payload) => {
    const error = await caught(() => evaluate(text, { payload }));
    expect(error.message).toContain('a regular expression in it took longer than 80 ms to find a match');
  });

  test('has the same matches as in JavaScript, in texts of any length', async () => {
    const patterns = ['(a|b)+', 'a*b', '(?:a+,)+', '[ab]+(,)', '(,)?b+', '(a)\\1', 'b{2,}'];
    const text = fc
      .array(fc.string({ unit: fc.constantFrom('a', 'b', ',', '😀'), maxLength: 30 }), { maxLength: 60 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...patterns), text, async (pattern, payload) => {
        const found = [...payload.matchAll(new RegExp(pattern, 'g'))];
        fc.pre(found.every(([match]) => match !== ''));
        const result = await evaluate(`[$match(payload, /${pattern}/).match]`, { payload });
        expect(result).toEqual(found.map(([match]) => match));
      }),
      { numRuns: 200 },
    );
  });
});

test.each([
  '$replace(payload.word, /(a)(n)/, "$2$1$$$0$3$x$01")',
  '$replace(payload.word, /an/, "$1")',
  '$replace(payload.word, "an", "$0")',
  '$replace(payload.word, /a/, "o", 2)',
  '$replace(payload.word, "a", "o", 0)',
  '$replace(payload.word, /x/, "o")',
  '$split(payload.word, "")',
  '$split(payload.word, "", 2)',
  '$split(payload.word, /a/, 2)',
  '$split(payload.word, /a/, 0)',
  '$match(payload.word, /a/, 1)',
  '$match(payload.word, /x/)',
  '$contains(payload.word, "nan")',
  '$match(payload.missing, /x/)',
])('%s gives what it gives in JSONata', async (text) => {
  const { default: jsonata } = await import('jsonata');
  expect(JSON.stringify(await evaluate(text, { payload }))).toBe(
    JSON.stringify(await jsonata(text).evaluate({ payload })),
  );
});
