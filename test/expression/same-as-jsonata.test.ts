import fc from 'fast-check';
import jsonata from 'jsonata';
import { expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { contextOf, deepFrozen } from './evaluate.ts';
import { order } from './shop.ts';

const toJson = (value: unknown) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

async function expectSame(text: string, payload: unknown): Promise<void> {
  const headers = { region: 'eu' };
  const ours = await compileExpression(text).evaluate(contextOf({ payload: deepFrozen(payload), headers }));
  expect(toJson(ours)).toStrictEqual(
    toJson(await jsonata(text).evaluate({ payload: structuredClone(payload), headers })),
  );
}

test.each([
  'payload.items.quantity',
  'payload.items[quantity > 2].sku',
  'payload.items[-1].sku',
  'payload.items[[0..1]].sku',
  'payload.items^(>quantity, sku).sku',
  'payload.items{ sku: $sum(quantity) }',
  'payload.items.{ "s": sku, "q": quantity }',
  'payload.items.[sku, quantity]',
  'payload.items.(sku & %.id)',
  'payload.items.sku.%.quantity',
  'payload.items#$i[$i > 0].{ "i": $i, "s": sku }',
  'payload.items@$a.$$.payload.items@$b[$a.sku != $b.sku].[$a.sku, $b.sku]',
  'payload.*.sku',
  'payload.*',
  'payload.items.*',
  'payload.items.*[0]',
  'payload.*[sku = "pear"].%.id',
  'payload.*@$x.$x.sku',
  'payload.*#$i.{ "i": $i }',
  'payload.*{ sku: quantity }',
  'payload.items.*[]',
  'payload.**.sku',
  'payload.items.sku ~> $join(",")',
  'payload.items.quantity ~> $sum() ~> $string()',
  '($double := function($x){ $x * 2 }; payload.items.quantity.$double($))',
  '($f := function($n){ $n <= 1 ? 1 : $n * $f($n - 1) }; $f(10))',
  '($f := function($n, $a){ $n <= 1 ? $a : $f($n - 1, $a * $n) }; $f(10, 1))',
  '($add := function($a, $b){ $a + $b }; $inc := $add(?, 1); payload.items.quantity.$inc($))',
  '($trim := $uppercase ~> $lowercase; $trim("AbC"))',
  '$map(payload.items, function($v, $i, $a){ $i & $v.sku & $count($a) })',
  '$reduce(payload.items.quantity, function($a, $b){ $a + $b }, 10)',
  'payload ~> |items|{ "x": quantity * 2 }, ["value", "headers"]|',
  '$sort(payload.items, function($a, $b){ $a.sku < $b.sku }).sku',
  '$merge(payload.items.{ sku: quantity })',
  '$replace(payload.id, /o-(\\d)/, "x$1")',
  '$match("abcabc", /b(c)/)',
  'payload.missing ? 1 : 2',
  'payload.missing ?: "default"',
  'payload.missing ?? "default"',
  '"apple" in payload.items.sku and $not($exists(payload.x))',
  'payload.items[sku in ["pear", "plum"]].quantity',
  '[payload.items.quantity, [1..3]]',
  'payload.(items[0].sku & "-" & id)',
  '$lookup(payload, "id")',
  '$spread(payload.items[0])',
  '$each(payload.items[0], function($v, $k){ $k & $v })',
  '/* a comment */ payload.id',
  '$.payload.id & $$.headers.region',
  '$clone(payload).items.sku',
  'payload.items#$i{ "x": $i }',
  'payload.items#$i{ sku: [$i, quantity] }',
  'payload.items@$x#$i{ "x": $x.sku, "y": $i }',
  'payload.items#$i{ "x": $.* }',
  '($g := payload.items#$i{ "x": $i }; $a := $append($g.x, 1); $b := $append($g.x, 2); [$g.x, $a, $b])',
  '($l := $append(1, 2); $m := $append($l, 3); $n := $append($l, 4); { "l": $l, "m": $m, "n": $n })',
  '($g := payload.items{ "x": $ }; $h := $g.x#$i{ "y": sku }; [$g, $h])',
  'payload.items.$string()',
  'payload.items#$i{ $string($i): sku, "all": $count(sku) }',
  'payload.items@$x{ $x.sku: $x.quantity, "all": $x }',
  'payload.items@$a.$$.payload.items@$b{ $a.sku: $b.quantity, $b.sku & "2": $a.sku }',
  'payload.items.sku.%{ sku: $count(%) }',
  'payload.items^(>quantity){ sku: quantity }',
  'payload.items[quantity > 2]{ sku: quantity }',
  'payload.items[0]{ sku: $, "one": $count($) }',
  '(payload.items){ sku: quantity }',
  '(payload.items[0]){ sku: quantity }',
  'payload.missing{ "a": 1, missing: 2 }',
  'payload.missing@$m{ "a": 1 }',
  'payload.items.[sku, quantity]{ "row": $ }',
  '[payload.items, payload.items]{ sku: $count($) }',
  '[[1, 2], [3]]{ "all": $ }',
  '{ payload.id: payload.items{ sku: { "n": quantity, sku & "x": 1 } } }',
  'payload.items.{ sku: quantity, "q" & sku: $ }',
  'payload.items.{ "s": sku }{ s: $count($) }',
  '($f := function($r){ $r{ sku: $count($) } }; $f(payload.items))',
  '$append(payload.items, payload.items){ sku: $count($) }',
  'payload.items.sku = payload.items.sku',
  'payload.items != payload.items[0]',
  'payload.items[0] in payload.items',
  'payload.items[sku in $$.payload.items.sku]',
  'payload.items.**',
])('an expression without methods means what it means in JSONata: %s', async (text) => {
  await expectSame(text, order);
});

const value = fc.constantFrom<unknown>(
  1,
  2,
  3,
  '1',
  'a',
  true,
  null,
  { a: 1 },
  { a: 2 },
  { a: 1, b: 2 },
  { b: 2, a: 1 },
  [1],
  [],
);
const lists = fc.array(value, { maxLength: 8 });

test.each([
  '$distinct(payload.list)',
  '$distinct(payload.list.a)',
  '$distinct(payload)',
  '$spread(payload.list)',
  '$spread(payload)',
  '$clone(payload)',
  '$keys(payload.list)',
  'payload.*',
  'payload.list.*',
])('%s gives what it gives in JSONata', async (text) => {
  await fc.assert(
    fc.asyncProperty(lists, (list) => expectSame(text, { list })),
    { numRuns: 300 },
  );
});

test.each(['$sort(payload.list)', '$sort(payload.list, function($a, $b){ $floor($a) > $floor($b) })'])(
  '%s sorts as it does in JSONata, and keeps the order of equals',
  async (text) => {
    const numbers = fc.array(
      fc.integer({ min: 0, max: 40 }).map((n) => n / 4),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(numbers, (list) => expectSame(text, { list })),
      { numRuns: 200 },
    );
  },
);

test.each([
  '$trim(payload.text)',
  '$replace(payload.text, "a", " ")',
  '$replace(payload.text, " a", "")',
  '$replace(payload.text, /a/, "$0b")',
  '$replace(payload.text, "a", "b", 1)',
])('%s makes the text that JSONata makes', async (text) => {
  const texts = fc.array(fc.constantFrom('a', 'b', ' ', '  ', '\t', '\n', '\r', '\u00a0', 'aa', '$'), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(texts, (parts) => expectSame(text, { text: parts.join('') })),
    { numRuns: 100 },
  );
});

test.each([
  'payload.list#$i{ "x": $i }',
  'payload.list#$i{ $string(a): [$i, a] }',
  'payload.list@$v{ "x": $v }',
  '$append($append(payload.list, 1), payload.list)',
])('%s groups and appends as JSONata does', async (text) => {
  await fc.assert(
    fc.asyncProperty(lists, (list) => expectSame(text, { list })),
    { numRuns: 100 },
  );
});
