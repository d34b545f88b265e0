import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { contextOf, evaluate } from './evaluate.ts';

describe('a moment', () => {
  test('is one in all of an evaluation, whatever else begins meanwhile', async () => {
    const expression = compileExpression(
      '[$millis(), $toMillis($now()), service.wait(), $millis(), $toMillis($now())]',
    );
    let go = () => {};
    const wait = new Promise<string>((resolve) => {
      go = () => resolve('|');
    });
    const first = expression.evaluate(contextOf({ service: { wait: () => wait } }));
    const began = Date.now();
    await new Promise<void>((resolve) => {
      const untilLater = () => (Date.now() > began + 2 ? resolve() : setImmediate(untilLater));
      untilLater();
    });
    const second = (await expression.evaluate(contextOf({ service: { wait: () => '|' } }))) as number[];
    go();
    const moments = (await first) as number[];
    expect(new Set(moments)).toEqual(new Set([moments[0], '|']));
    expect(new Set(second)).toEqual(new Set([second[0], '|']));
    expect(second[0]).toBeGreaterThan(moments[0]!);
  });

  test('is written as a picture says, and is found through a variable', async () => {
    expect(await evaluate('($n := $now; $n("[Y0001]") = $fromMillis($millis(), "[Y0001]"))', {})).toBe(true);
    expect(await evaluate('$map([1, 2], function(){ $millis() }) ~> $distinct() ~> $count()', {})).toBe(1);
  });
});

describe('a binding', () => {
  test.each<[string, unknown]>([
    ['[$x := 1, $x + 1, $x + 2]', [1, 2, 3]],
    ['[[$x := 1], [$x + 1]]', [[1], [2]]],
    ['{ "a": $x := 1, "b": $x + 1 }', { a: 1, b: 2 }],
    ['{ "a": $x := payload.n, "k" & $x: $x * 2 }', { a: 5, k5: 10 }],
    ['{ "a": [$x := 1, { "c": $x }], "b": $x }', { a: [1, { c: 1 }], b: 1 }],
    ['([$x := 1]; $x)', 1],
    ['({ "a": $x := 1 }; $x)', 1],
    [
      'payload.items.{ "a": $x := n, "b": $x * 2 }',
      [
        { a: 1, b: 2 },
        { a: 2, b: 4 },
      ],
    ],
    [
      'payload.items.[$x := n, $x * 2]',
      [
        [1, 2],
        [2, 4],
      ],
    ],
    ['payload.items{ id: $x := n, id & "2": $x * 10 }', { p: 1, p2: 10, q: 2, q2: 20 }],
    ['[service.later($x := payload.n), $x]', [5, 5]],
    ['[$x := service.later(3), $x * 2, service.later($x)]', [3, 6, 3]],
    [
      '$map([1, 2], function($i){ [$x := $i, $x * 2] })',
      [
        [1, 2],
        [2, 4],
      ],
    ],
    ['($x := 0; [$x := $x + 1, ($x := 9; $x), $x])', [1, 9, 1]],
  ])('is seen by what follows it: %s', async (text, expected) => {
    const payload = {
      n: 5,
      items: [
        { id: 'p', n: 1 },
        { id: 'q', n: 2 },
      ],
    };
    const service = { later: async (value: unknown) => value };
    expect(await evaluate(text, { payload, service })).toStrictEqual(expected);
  });

  test.each(['[service.fail(), $x := 1, $x]', '{ "a": service.fail(), "b": $x := 1 }'])(
    'fails where what stands before it fails: %s',
    async (text) => {
      const fail = async () => {
        throw new Error('no');
      };
      await expect(evaluate(text, { service: { fail } })).rejects.toThrow('no');
    },
  );
});

test('methods in a list are called at the same time', async () => {
  const order: string[] = [];
  const call = async (name: string) => {
    order.push(name);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(name);
    return name;
  };
  expect(await evaluate("[service.call('a'), service.call('b')]", { service: { call } })).toEqual(['a', 'b']);
  expect(order).toEqual(['a', 'b', 'a', 'b']);
});

describe('?? and ?:', () => {
  test.each<[string, unknown, number]>([
    ["service.give('a') ?? 'b'", 'a', 1],
    ["service.give('a') ?: 'b'", 'a', 1],
    ["service.give(payload.missing) ?? 'b'", 'b', 1],
    ["service.give('') ?: 'b'", 'b', 1],
    ["service.give(null) ?? 'b'", null, 1],
    ['payload.items.(service.give(id) ?? "none")', ['p', 'none'], 2],
    ['payload.items{ $string(n): service.give(id) ?? "none" }', { 1: 'p', 2: 'none' }, 2],
    ["($f := function($x){ service.give($x) ?? 'b' }; $f('a'))", 'a', 1],
    ["($f := function($n){ $n = 0 ? 'end' : ($missing := payload.missing; $missing ?? $f($n - 1)) }; $f(3))", 'end', 0],
    ["(service.give('a') ?? 'b') & (service.give(payload.missing) ?: 'c')", 'ac', 2],
  ])('evaluate their left side once: %s', async (text, expected, calls) => {
    let count = 0;
    const give = (value: unknown) => {
      count += 1;
      return value;
    };
    const payload = { items: [{ id: 'p', n: 1 }, { n: 2 }] };
    expect(await evaluate(text, { payload, service: { give } })).toStrictEqual(expected);
    expect(count).toBe(calls);
  });
});
