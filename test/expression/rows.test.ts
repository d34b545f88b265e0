import Type, { type TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { payload as payloadOf } from '../../src/parameter/payload.ts';
import { resolveWith } from '../parameter/resolve.ts';
import { evaluate } from './evaluate.ts';

const row = { v: 1, e: 2, cells: [1, 2] };
const shapes = [
  'payload.rows.[v, e]',
  'payload.rows.[v]',
  'payload.rows.[[v], e]',
  'payload.rows.cells.[$, 0]',
  'payload.groups.rows.[v, e]',
  'payload.groups[0].rows.[v, e]',
  'payload.groups.(rows.[v, e])',
  'payload.rows[v > 0].[v, e]',
  'payload.rows^(v).[v, e]',
  '(payload.rows).[v, e]',
  '( $r := payload.rows; $r.[v, e] )',
  '( $p := payload; $p.rows.[v, e] )',
  'payload.*[v > 0].[v, e]',
  'service.rows().[v, e]',
  '$filter(payload.rows, function($r){ $r.v > 0 }).[v, e]',
  '$map(payload.rows, function($r){ [$r.v, $r.e] })',
  'payload.rows ~> $map(function($r){ [$r.v, $r.e] })',
  '$filter(payload.table, function($r){ $r[0] = 1 })',
  '$distinct(payload.rows.[v, e])',
  'payload.rows ? payload.rows.[v, e] : []',
  '{ "rows": payload.rows.[v, e] }.rows',
  '$sort(payload.rows.[v, e], function($a, $b){ $a[0] > $b[0] })',
  '$append(payload.rows.[v, e], [])',
];
// Its rows are equal, so one of them is left.
const distinct = '$distinct(payload.rows.[v, e])';

function surroundingsOf(count: number) {
  const rows = Array.from({ length: count }, () => row);
  const payload = { rows, table: rows.map(({ cells }) => cells), groups: [{ rows }] };
  return { payload, service: { rows: () => rows } };
}

describe('a list of lists', () => {
  test.each(shapes)('gives the same with one row as with two, one row less: %s', async (text) => {
    const one = (await evaluate(text, surroundingsOf(1))) as unknown[];
    const two = (await evaluate(text, surroundingsOf(2))) as unknown[];
    expect(two).toEqual(text === distinct ? one : [...one, ...one]);
    for (const cells of one) expect(cells).toBeInstanceOf(Array);
  });

  test.each(shapes)('is empty without rows, where a list is wanted: %s', async (text) => {
    const result = await evaluate(text, surroundingsOf(0), { keepArray: true, itemsAreLists: true });
    expect(result ?? []).toEqual([]);
  });

  test('is counted and gone through by its rows', async () => {
    expect(await evaluate('$count(payload.rows.[v, e])', surroundingsOf(1))).toBe(1);
    expect(await evaluate('$map(payload.rows.[v, e], function($r){ $sum($r) })', surroundingsOf(1))).toBe(3);
    expect(await evaluate('$map(payload.rows.[v, e], $sum)', surroundingsOf(2))).toEqual([3, 3]);
  });

  test('of one object that is in no list is the cells', async () => {
    const payload = { o: row, list: [row] };
    expect(await evaluate('payload.o.[v, e]', { payload })).toEqual([1, 2]);
    expect(await evaluate('payload.list[0].[v, e]', { payload })).toEqual([1, 2]);
    expect(await evaluate('payload.[o.v, o.e]', { payload })).toEqual([1, 2]);
    expect(await evaluate('service.one().[v, e]', { service: { one: () => row } })).toEqual([1, 2]);
    expect(await evaluate('payload.[[o.v], o.e]', { payload })).toEqual([[1], 2]);
  });
});

describe('the type of a parameter', () => {
  const numbers = Type.Array(Type.Number());
  test.each<[TSchema, string, object, unknown]>([
    [Type.Array(numbers), 'payload.rows.[v, e]', { rows: [row] }, [[1, 2]]],
    [Type.Array(numbers), 'payload.rows.[v, e]', { rows: row }, [[1, 2]]],
    [Type.Array(numbers), 'payload.rows.[v, e]', { rows: [] }, []],
    [
      Type.Array(numbers),
      'payload.rows.[v, e]',
      { rows: [row, row] },
      [
        [1, 2],
        [1, 2],
      ],
    ],
    [
      Type.Array(numbers),
      'payload.table[$[0] = 1]',
      {
        table: [
          [1, 2],
          [3, 4],
        ],
      },
      [[1, 2]],
    ],
    [
      Type.Array(numbers),
      'payload.table[$[0] = 9]',
      {
        table: [
          [1, 2],
          [3, 4],
        ],
      },
      [],
    ],
    [Type.Array(numbers), 'payload.table^($[0])', { table: [[1, 2]] }, [[1, 2]]],
    [Type.Array(Type.Tuple([Type.Number(), Type.Number()])), 'payload.rows.[v, e]', { rows: [row] }, [[1, 2]]],
    [numbers, 'payload.rows[v = 1].[v, e]', { rows: [row, { v: 3, e: 4 }] }, [1, 2]],
    [numbers, 'payload.rows.[v, e]', { rows: row }, [1, 2]],
    [
      numbers,
      'payload.table[0]',
      {
        table: [
          [1, 2],
          [3, 4],
        ],
      },
      [1, 2],
    ],
    [numbers, 'payload.rows.v', { rows: [row] }, [1]],
    [Type.Tuple([Type.Number(), Type.Number()]), 'payload.rows[v = 1].[v, e]', { rows: [row] }, [1, 2]],
    [
      Type.Object({ rows: Type.Array(numbers) }),
      '{ "rows": payload.rows.[v, e] }',
      { rows: [row] },
      { rows: [[1, 2]] },
    ],
  ])('says what one row is: %#', async (type, expression, payload, expected) => {
    expect(await resolveWith(payloadOf(type, { expression }), { payload })).toEqual(expected);
  });
});
