import { types } from 'node:util';
import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { caught } from '../caught.ts';
import { contextOf, evaluate } from './evaluate.ts';
import { order, Prices } from './shop.ts';

/** Every array and object in a value, with itself. */
function allIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(allIn)];
}

describe('a result', () => {
  test.each([
    'payload.items.sku',
    '{ "skus": payload.items.sku, "one": payload.items[0][], "range": [1..3] }',
    '[payload.items.sku, [payload.items.quantity]]',
    '$map(payload.items, function($i){ { "a": $i.sku, "b": [$i] } })',
    'payload.items{ sku: quantity }',
    'payload ~> |items|{ "x": [1] }|',
    '$merge([{ "a": 1 }, { "b": payload.items }])',
    '$spread(payload)',
    '$match("abab", /a(b)/)',
    '$each(payload, function($v, $k){ $k })',
    '$sift(payload, function($v){ true })',
    '$distinct(payload.items.headers)',
    'payload.items[]',
  ])('is made of plain arrays and objects: %s', async (text) => {
    const result = await evaluate(text, { payload: order, headers: { a: [1] } });
    expect(result).toStrictEqual(JSON.parse(JSON.stringify(result)));
    for (const part of allIn(result)) {
      expect(types.isProxy(part)).toBe(false);
      expect(Object.getPrototypeOf(part)).toBe(Array.isArray(part) ? Array.prototype : Object.prototype);
      const names = Array.isArray(part)
        ? ['length', ...part.keys()].map(String).toSorted()
        : Object.keys(part).toSorted();
      expect(Object.getOwnPropertyNames(part).toSorted()).toEqual(names);
      expect(Object.getOwnPropertySymbols(part)).toEqual([]);
      expect(Object.isFrozen(part)).toBe(false);
    }
  });

  test('is undefined if it is nothing', async () => {
    expect(await evaluate('payload.missing', { payload: order })).toBeUndefined();
    expect(await evaluate('payload.missing.(a + 1)', { payload: order })).toBeUndefined();
    expect(await evaluate('payload.items[quantity > 100].sku', { payload: order })).toBeUndefined();
    expect(await evaluate('value', {})).toBeUndefined();
    expect(await evaluate('1 > 2 ? 3', {})).toBeUndefined();
  });

  test('is null if it is null', async () => {
    expect(await evaluate('payload.a', { payload: { a: null } })).toBeNull();
    expect(await evaluate('(payload.a)', { payload: { a: null } })).toBeNull();
    expect(await evaluate('null', {})).toBeNull();
  });

  test.each(['function($x){ $x }', '$sum', '{ "f": $sum }', '[$sum]', '/a/', 'payload ~> $sum ~> { "a": $sum }'])(
    'is no function: %s',
    async (text) => {
      expect(await caught(() => evaluate(text, { payload: [1] }))).toMatchObject({ retryable: false });
    },
  );

  test('of a payload that is text or bytes is that text or those bytes', async () => {
    const bytes = Buffer.from([1, 2]);
    expect(await evaluate('payload', { payload: '{"a":1}' })).toBe('{"a":1}');
    expect(await evaluate('payload.a', { payload: '{"a":1}' })).toBeUndefined();
    expect(await evaluate('(payload)', { payload: bytes })).toBe(bytes);
  });
});

describe('keepArray', () => {
  const one = {
    items: [{ sku: 'a', n: 1, tags: ['x'] }],
    none: [],
    tag: 'x',
    list: [7],
    nothing: null,
    map: { k: 'v' },
  };

  test.each<[string, unknown]>([
    ['payload.items.sku', ['a']],
    ['payload.items[n > 0].sku', ['a']],
    ['payload.items[n > 9].sku', []],
    ['payload.none.sku', []],
    ['payload.none', []],
    ['payload.list', [7]],
    ['payload.items[0]', [one.items[0]]],
    ['payload.items[9]', []],
    ['payload.items.tags', ['x']],
    ['payload.items.(n + 1)', [2]],
    ['payload.items^(n).sku', ['a']],
    ['payload.map.*', ['v']],
    ['$filter(payload.items, function($i){ $i.n > 9 })', []],
    ['$map(payload.items, function($i){ $i.sku })', ['a']],
    ['payload.items ~> $map(function($i){ $i.sku })', ['a']],
    ['( $x := 1; payload.items[n > $x].sku )', []],
    ['payload.tag ? payload.items[n > 9] : payload.list', []],
    ['[payload.tag]', ['x']],
    ['service.echo(payload.items).sku', ['a']],
    ['service.echo(payload.none).sku', []],
    ['( $p := payload; $p.items.sku )', ['a']],
  ])('what an expression selects stays a list: %s', async (text, expected) => {
    const surroundings = { payload: one, service: new Prices() };
    expect(await evaluate(text, surroundings, { keepArray: true })).toStrictEqual(expected);
  });

  test.each<[string, unknown]>([
    ['payload.tag', 'x'],
    ['payload.missing', undefined],
    ['payload.missing.deeper', undefined],
    ['payload.nothing', null],
    ['payload.map', { k: 'v' }],
    ['$count(payload.items)', 1],
    ['payload.items{ sku: n }', { a: 1 }],
    ['service.echo(payload.tag)', 'x'],
    ['service.echo(payload.missing)', undefined],
    ['service.echo(payload.list)', [7]],
    ["payload.tag & 'y'", 'xy'],
  ])('what it does not select stays what it is: %s', async (text, expected) => {
    const surroundings = { payload: one, service: new Prices() };
    expect(await evaluate(text, surroundings, { keepArray: true })).toStrictEqual(expected);
  });

  test('without it, one item is that item', async () => {
    expect(await evaluate('payload.items.sku', { payload: one })).toBe('a');
  });
});

test('a plain path gives its value at once, everything else a promise of it', () => {
  const context = contextOf({ payload: order });
  expect(compileExpression('payload.id').evaluate(context)).toBe('o-1');
  expect(compileExpression('payload').evaluate(context)).toBe(order);
  expect(compileExpression('payload.items.sku').evaluate(context)).toBeInstanceOf(Promise);
  expect(compileExpression("payload.id & ''").evaluate(context)).toBeInstanceOf(Promise);
});

test('the names of references and parameters are known before', () => {
  const text = "reference('a').f(parameter('p')) + reference('b').g(reference(headers.name)) + reference('a').h()";
  const { references, parameters, text: kept } = compileExpression(text);
  expect({ references, parameters, kept }).toEqual({ references: ['a', 'b'], parameters: ['p'], kept: text });
});
