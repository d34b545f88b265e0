import jsonata from 'jsonata';
import { describe, expect, test } from 'vitest';
import { caught } from '../caught.ts';
import { evaluate } from './evaluate.ts';

/** For a busy machine. */
const patient = { limits: { timeoutMs: 60_000 } };

describe('an order-by', () => {
  test('evaluates its terms once for each item', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => ({ id: (index * 7919) % 307 }));
    let calls = 0;
    const service = {
      rank: (id: number) => {
        calls += 1;
        return -id;
      },
    };
    const result = await evaluate('payload.rows^(service.rank(id)).id', { payload: { rows }, service }, patient);
    expect(result).toEqual(rows.map(({ id }) => id).toSorted((a, b) => b - a));
    expect(calls).toBe(rows.length);
  });

  test('sorts a long list, and keeps the order of equal items', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => ({ v: (index * 7919) % 1_009, at: index }));
    const sorted = rows.toSorted((a, b) => a.v - b.v);
    expect(await evaluate('payload.rows^(v)', { payload: { rows } }, patient)).toEqual(sorted);
    expect(await evaluate('payload.rows^(v)[-1].at', { payload: { rows } }, patient)).toBe(sorted.at(-1)?.at);
    expect(await evaluate('$count([1..20000]^(>$))', {}, patient)).toBe(20_000);
  });

  test.each([
    ['payload.rows^(flag)', 'an order-by compares numbers or texts'],
    ['payload.rows^(mixed)', 'an order-by compares numbers only, or texts only'],
  ])('refuses what has no order: %s', async (text, reason) => {
    const rows = [
      { flag: true, mixed: 1 },
      { flag: false, mixed: 'a' },
    ];
    expect((await caught(() => evaluate(text, { payload: { rows } }))).message).toContain(reason);
  });
});

describe('an order-by gives what JSONata gives', () => {
  const rows = [
    { v: 3, k: 'b', xs: [{ n: 2 }, { n: 1 }] },
    { v: 1, k: 'a' },
    { v: 3, k: 'a', xs: [{ n: 4 }, { n: 3 }] },
    { k: 'z' },
    { v: 1, k: 'c' },
  ];
  const payloads = [
    { rows },
    { rows: rows.slice(0, 1) },
    { rows: rows[0] },
    { rows: [] },
    {},
    { rows: [3, 1, 2, 3, -1] },
    { rows: [[3, 1], [1, 2], [2]] },
    { rows: [[3, 1]] },
  ];

  test.each([
    'payload.rows^(v)',
    'payload.rows^(>v, k)',
    'payload.rows^(v, >k).k',
    'payload.rows^(v)[0].k',
    'payload.rows^(v)[-1]',
    'payload.rows^(k)[v = 3].xs',
    'payload.rows^(v)[]',
    'payload.rows[]^(v)',
    'payload.rows^(k){ k: v }',
    'payload.rows^(v){ "x": 1 }',
    'payload.rows^(k).{ "k": k, "v": v }',
    'payload.rows^(>$)[[0..1]]',
    'payload.rows^(v)^(k)[1]',
    'payload.rows^(missing)',
    'payload.rows^($count($))',
    'payload.rows.[v]^($[0])',
    'payload.rows.xs^(n).n',
    'payload.rows^(k).xs^(n).n',
    'payload.rows.(xs^(>n)[0].n)',
    'payload.rows{ "all": $^(k).v }',
    'payload.rows#$i^(k).$i',
    'payload.rows^(k)#$i.$i',
    'payload.rows@$r^(k).$r.k',
    'payload.rows.xs^(%.k).n',
    'payload.*^(k)',
    '( $f := function($x){ $x^(k) }; $f(payload.rows) )',
    '[payload.rows^(k)]',
    '{ "a": payload.rows^(k) }',
    '[3, 1, 2]^(>$)[0]',
  ])('%s', async (text) => {
    for (const payload of payloads) {
      const theirs = jsonata(text).evaluate({ payload: structuredClone(payload) });
      const expected = await theirs.then(toJson, () => 'an error');
      expect(await evaluate(text, { payload }).then(toJson, () => 'an error')).toStrictEqual(expected);
    }
  });
});

function toJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
