import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringifyExactly } from '../../src/conversion/json/write-json.ts';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { standardFunction } from '../../src/expression/jsonata-internals.ts';
import { caught } from '../caught.ts';
import { evaluate } from './evaluate.ts';

const id = 9007199254740993n;
const payload = {
  id,
  same: 9007199254740993n,
  other: 9007199254740992n,
  small: 7,
  text: '9007199254740993',
  list: [id, 9007199254740995n],
  items: [{ id }, { id: 9007199254740995n }],
};

describe('an integer beyond 2^53', () => {
  test.each<[string, unknown]>([
    ['payload.id', id],
    ['{ "id": payload.id, "all": [payload.id, payload.small] }', { id, all: [id, 7] }],
    ['[payload.id]', [id]],
    ['payload.items.id', [id, 9007199254740995n]],
    ['payload.items[1].id', 9007199254740995n],
    ['(payload.**.id)[0]', id],
    ['$map(payload.list, function($i){ $i })', payload.list],
    ['$reverse(payload.list)', [9007199254740995n, id]],
    ['$append(payload.id, 1)', [id, 1]],
    ['$distinct([payload.id, payload.same, payload.other])', [id, 9007199254740992n]],
    ['$distinct([{ "id": payload.id }, { "id": payload.same }])', [{ id }]],
    ['payload.missing ?? payload.id', id],
    ['$merge([{ "a": 1 }, { "id": payload.id }])', { a: 1, id }],
    [
      'payload ~> | items | { "more": $$.payload.id } | ~> $lookup("items")',
      payload.items.map((item) => ({ ...item, more: id })),
    ],
    ['$number(payload.text)', id],
    ['$number(payload.id)', id],
  ])('is passed on exactly: %s', async (text, result) => {
    expect(await evaluate(text, { payload })).toEqual(result);
  });

  test.each<[string, unknown]>([
    ["'pay-' & payload.id & '-' & payload.small", 'pay-9007199254740993-7'],
    ['$string(payload.id)', '9007199254740993'],
    ['$string(payload.items[0])', '{"id":9007199254740993}'],
    ['$string([payload.id], true)', '[\n  9007199254740993\n]'],
    ['$join($map(payload.list, $string), "+")', '9007199254740993+9007199254740995'],
  ])('is written with all its digits: %s', async (text, result) => {
    expect(await evaluate(text, { payload })).toBe(result);
  });

  test.each<[string, unknown]>([
    ['payload.id = payload.same', true],
    ['payload.id = payload.other', false],
    ['payload.id != payload.other', true],
    ['payload.id = payload.small', false],
    ['payload.id in payload.list', true],
    ['payload.other in payload.list', false],
    ['$string(payload.id) = payload.text', true],
    ['payload.items[id = $$.payload.id].id', id],
    ["payload.id ? 'yes' : 'no'", 'yes'],
    ["payload.id ?: 'no'", id],
    ['payload.id and true', true],
    ['false or payload.id', true],
    ['$boolean(payload.id)', true],
    ['$boolean([payload.id])', true],
    ['$not(payload.id)', false],
    ['$exists(payload.id)', true],
    ['$count(payload.id)', 1],
    ['$count(payload.list)', 2],
    ['$map(payload.id, function($i){ $i })', id],
    ['payload.id.$string()', '9007199254740993'],
    ['$max(payload.id)', id],
    ['$type(payload.id)', 'number'],
    ['$filter(payload.list, function($i){ $i })', payload.list],
  ])('is compared exactly: %s', async (text, result) => {
    expect(await evaluate(text, { payload })).toEqual(result);
  });

  test.each([
    'payload.id + 1',
    '1 - payload.id',
    'payload.id * payload.id',
    'payload.id / 2',
    'payload.id % 2',
    '-payload.id',
    'payload.id > 5',
    'payload.id <= payload.other',
    '$sum(payload.list)',
    '$sum(payload.id)',
    '$max(payload.list)',
    '$min(payload.list)',
    '$abs(payload.list)',
    '$length(payload.id)',
    '$contains("a", payload.id)',
    '$assert(payload.id, "a")',
    'payload.id.$uppercase()',
    '$average(payload.list)',
    '$abs(payload.id)',
    '$round(payload.id)',
    '$power(payload.id, 2)',
    '$sqrt(payload.id)',
    '$formatNumber(payload.id, "#")',
    '$formatBase(payload.id, 16)',
    '$formatInteger(payload.id, "0")',
    '$fromMillis(payload.id)',
    '$sort(payload.list)',
    'payload.items^(id)',
    '[1..payload.id]',
    '{ payload.id: 1 }',
    '$uppercase(payload.id)',
    '$substring("abc", payload.id)',
    '$pad("abc", payload.id)',
  ])('is never computed with: %s', async (text) => {
    expect(await caught(() => evaluate(text, { payload }))).toMatchObject({
      code: 'expression-failed',
      retryable: false,
    });
  });

  test.each([
    ['payload.id + 1', 'the left side of "+" must be a number, and not an integer beyond 2^53'],
    ['payload.id > 1', 'and not an integer beyond 2^53, with which an expression cannot compute'],
  ])('is named by the error: %s', async (text, reason) => {
    expect((await caught(() => evaluate(text, { payload }))).message).toContain(reason);
  });

  test('is given to methods as it is', async () => {
    const references = { ids: { next: (given: unknown) => (given as bigint) + 1n } };
    expect(await evaluate("reference('ids').next(payload.id)", { payload, references })).toBe(9007199254740994n);
  });

  test.each(['$round(payload.id)', '$round(payload.id, payload.small)', '$round(payload.id, -1)'])(
    'is not rounded: %s',
    async (text) => {
      expect(await caught(() => evaluate(text, { payload }))).toMatchObject({ code: 'expression-failed' });
    },
  );

  test('never becomes its neighbour, whatever function it is given to', async () => {
    const names = ['abs', 'append', 'assert', 'average', 'base64encode', 'boolean', 'ceil', 'contains', 'count']
      .concat(['distinct', 'each', 'encodeUrl', 'encodeUrlComponent', 'exists', 'filter', 'floor', 'formatBase'])
      .concat(['formatInteger', 'formatNumber', 'fromMillis', 'join', 'keys', 'length', 'lookup', 'lowercase', 'map'])
      .concat(['match', 'max', 'merge', 'min', 'not', 'number', 'pad', 'parseInteger', 'power', 'reduce', 'replace'])
      .concat([
        'reverse',
        'round',
        'shuffle',
        'sift',
        'single',
        'sort',
        'split',
        'spread',
        'sqrt',
        'string',
        'substring',
      ])
      .concat(['substringAfter', 'substringBefore', 'sum', 'toMillis', 'trim', 'type', 'uppercase', 'zip']);
    expect(names.filter((name) => standardFunction(name) === undefined)).toEqual([]);
    const argument = fc.constantFrom(
      'payload.id',
      'payload.list',
      'payload.items',
      'payload.small',
      '"a"',
      '[payload.id, 1]',
      'function($x, $y){ $y ? $y : $x }',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(argument, { minLength: 1, maxLength: 3 }),
        async (name, args) => {
          const { other: _, ...data } = payload;
          const result = await evaluate(`$${name}(${args.join(', ')})`, { payload: data }).catch((error) => {
            expect(error).toMatchObject({ code: 'expression-failed' });
          });
          expect(String(stringifyExactly([result], (_key, inner) => inner))).not.toMatch(/900719925474099[24]|9\.007/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a number that an expression computes', () => {
  const numbers = { most: 9007199254740991, text: '9007199254740993', hex: '0x20000000000001', fraction: 0.5 };

  test.each([
    'payload.most + 2',
    '-2 - payload.most',
    'payload.most * 3',
    '$sum([payload.most, 2])',
    '$sum([payload.most, 5, -9007199254740991])',
    '$average([payload.most, 2])',
    '$power(payload.most, 2) * 0 + $power(3, 40)',
    '$reduce([payload.most, 2], function($a, $b){ $a + $b })',
    '$number(payload.hex)',
    '$parseInteger("9007199254740993", "0")',
  ])('is an error where it would be rounded: %s', async (text) => {
    const error = await caught(() => evaluate(text, { payload: numbers }));
    expect(error).toMatchObject({ code: 'expression-failed', message: expect.stringContaining('beyond 2^53') });
  });

  test.each<[string, unknown]>([
    ['payload.most - 1', 9007199254740990],
    ['payload.fraction * 3', 1.5],
    ['payload.most * payload.fraction', 4503599627370495.5],
    ['$sum([payload.fraction, 1])', 1.5],
    ['$sum([])', 0],
    ['$power(2, 53) - 1', undefined],
    ['6e23 * 2', 1.2e24],
  ])('is what it was otherwise: %s', async (text, result) => {
    if (result === undefined) expect(await caught(() => evaluate(text, { payload: numbers }))).toBeInstanceOf(Error);
    else expect(await evaluate(text, { payload: numbers })).toBe(result);
  });
});

describe('a number that stands in an expression', () => {
  test.each([
    '9007199254740993',
    'payload.id = 9007199254740992',
    'payload.x > -9007199254740993',
    '[1, 1152921504606846976]',
    '1e17',
    '10000000000000000000000',
  ])('is refused at start beyond 2^53: %s', (text) => {
    expect(() => compileExpression(text)).toThrow('a number in an expression goes up to 2^53');
  });

  test.each(['9007199254740991', '6.02e23', '1.5', '-9007199254740991', "'9007199254740993'", '1e21'])(
    'is taken: %s',
    (text) => {
      expect(() => compileExpression(text)).not.toThrow();
    },
  );
});
