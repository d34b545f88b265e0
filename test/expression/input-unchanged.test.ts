import { describe, expect, test } from 'vitest';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import { payload } from '../../src/parameter/payload.ts';
import { startTestGateway } from '../../src/testing.ts';
import { evaluate } from './evaluate.ts';

const order = () => ({
  id: 'o-1',
  items: [
    { sku: 'a', n: 1, tags: ['x'] },
    { sku: 'b', n: 2, tags: [] },
  ],
  none: [],
  lists: [[], [1]],
  rows: [[3, 4]],
  one: { sku: 'c' },
});

const expressions = [
  'payload ~> |items|{ "n": n * 2 }, ["sku"]|',
  'payload ~> |$|{ "x": 1 }|',
  'payload ~> |**[n]|{ "x": 1 }|',
  '$ ~> |payload.items|{ "x": 1 }|',
  'payload ~> |$$.payload.items|{ "x": 1 }|',
  '($all := payload.items; payload ~> |$all|{ "x": 1 }|)',
  'payload.items ~> |$|{ "x": 1 }, "tags"|',
  'payload.items[0] ~> |$|{ "x": 1 }|',
  '$map(payload.items, |$|{ "x": 1 }|)',
  '$map(payload.items, function($i){ $i ~> |$|{ "x": 1 }| })',
  '($clone := function($x){ $x }; payload ~> |$|{ "x": 1 }|)',
  '($clone := function($x){ $x }; $clone(payload).id)',
  'payload.one ~> |$|{ "tags": $$.payload.items.tags }| ~> |$|{ "x": 1 }|',
  '$sift(payload.one, function($v){ true })',
  '$each(payload.one, function($v, $k){ $k })',
  '$merge([payload.one, { "sku": "z" }])',
  '$append(payload.items, { "sku": "z" })',
  '$append(payload.none, payload.none)',
  '$sort(payload.items, function($a, $b){ $a.n < $b.n })',
  '$reverse(payload.items)',
  '$shuffle(payload.items)',
  '$distinct(payload.items.tags)',
  '$spread(payload)',
  '$zip(payload.items, payload.lists)',
  '$lookup(payload, "items")[]',
  '$reduce(payload.items, function($a, $b){ $a ~> |$|{ "n": $a.n + $b.n }| })',
  'payload.items[]',
  'payload.none[]',
  'payload.none{ "a": 1 }',
  'payload.items{ sku: $ }',
  'payload.lists.{ "n": $count($) }',
  'payload.rows.[$[0]]',
  'payload.items^(>n)',
  'payload.items#$i.{ "i": $i, "of": $ }',
  'payload.items@$i.tags.{ "i": $i }',
  'payload.*',
  '[payload.items, payload.items]',
];

describe('what an evaluation is given stays as it is', () => {
  test.each(expressions)('%s', async (text) => {
    const given = { payload: order(), headers: { list: ['a'] } };
    await evaluate(text, given);
    expect(given).toEqual({ payload: order(), headers: { list: ['a'] } });
  });

  test.each(['($x := payload.one; $x(1))', '(payload.one)(1)', 'payload ~> |$$.headers|{ "x": 1 }|'])(
    'also where it fails: %s',
    async (text) => {
      const given = { payload: order(), headers: { list: ['a'] } };
      await expect(evaluate(text, given)).rejects.toMatchObject({ code: 'expression-failed' });
      expect(given).toEqual({ payload: order(), headers: { list: ['a'] } });
    },
  );

  test('includes the results of services and variables', async () => {
    const [shared, variable] = [order(), order()];
    const surroundings = { service: { get: () => shared }, parameters: { order: variable } };
    await evaluate('service.get() ~> |items|{ "x": 1 }|', surroundings);
    await evaluate('parameter(\'order\') ~> |items|{ "x": 1 }|', surroundings);
    await evaluate('service.get().none{ "a": 1 }', surroundings);
    expect([shared, variable]).toEqual([order(), order()]);
  });
});

test('every handler of an event sees the payload that was sent', async () => {
  const seen: unknown[] = [];
  const handlers = expressions.flatMap((expression, index) => [
    defineEventHandler({
      routingKey: 'order.placed',
      endpointId: `writes.${index}`,
      distributed: true,
      parameters: [payload({ expression }), payload()],
      handle: (_result, whole) => void seen.push(whole),
    }),
  ]);
  const shop = await startTestGateway({ service: 'shop', handlers });
  await shop.publishEvent('order.placed', order());
  expect(seen).toEqual(expressions.map(order));
  expect(shop.deadLetters).toEqual([]);
});

describe('a transform', () => {
  test.each<[string, unknown]>([
    ['payload ~> |$$.payload.items|{ "x": 1 }|', [1, 1]],
    ['($i := payload.items[1]; payload ~> |$i|{ "x": 1 }|)', [undefined, 1]],
    ['payload ~> |items[n = 2]|{ "x": n }|', [undefined, 2]],
  ])('changes the copy of what its pattern leads to: %s', async (text, expected) => {
    const { items } = (await evaluate(text, { payload: order() })) as { items: { x?: number }[] };
    expect(items.map(({ x }) => x)).toEqual(expected);
  });

  test('changes no value that was made before', async () => {
    expect(await evaluate('($a := { "x": 1 }; $b := ($a ~> |$|{ "x": 2 }|); [$a.x, $b.x])', {})).toEqual([1, 2]);
    await expect(evaluate('($a := { "x": 1 }; { "y": 2 } ~> |$a|{ "x": 2 }|)', {})).rejects.toThrow(
      'the pattern of a transform selects an object outside of the value that it transforms',
    );
  });
});
