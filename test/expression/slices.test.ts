import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppendedList } from '../../src/expression/appended-list.ts';
import { maxTuples } from '../../src/expression/bounded-sequence.ts';
import { copiedByItem, DataCopy } from '../../src/expression/data-copy.ts';
import { EvaluationBudget } from '../../src/expression/evaluation-budget.ts';
import { cloneData, fromExpressionData } from '../../src/expression/expression-data.ts';
import { defaultLimits } from '../../src/expression/expression-limits.ts';
import type { Call, Sequence } from '../../src/expression/jsonata-internals.ts';
import { distinct, merge, sort, spread } from '../../src/expression/list-functions.ts';
import { replace } from '../../src/expression/match-functions.ts';
import { maxOpenStrands } from '../../src/expression/strands.ts';
import { caught } from '../caught.ts';
import { evaluate } from './evaluate.ts';

// The time of a turn of the event loop cannot be asserted on a busy machine. These count the items between two pauses.

/** Counts the pauses of an evaluation. Each lets the event loop turn if the slice is over. */
class CountingRun {
  readonly budget = new EvaluationBudget(defaultLimits);
  pauses = 0;

  pause(): undefined {
    this.pauses += 1;
  }

  pauseToCopy(): undefined {
    this.pauses += 1;
  }

  itemPauses(): () => undefined {
    return () => this.pause();
  }
}

function callOf(run: CountingRun): Call {
  const createSequence = (): Sequence => Object.assign([], { sequence: true });
  return { environment: { lookup: () => run }, input: undefined, createSequence } as unknown as Call;
}

const plain = {
  leaf: (value: unknown) => (typeof value === 'object' && value !== null ? copiedByItem : value),
  key: (key: string) => key,
  fields: () => ({}),
};

describe('a copy', () => {
  test('equals its original, in slices of any length, and copies no more than a slice at once', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 1, max: 9 }), (original, slice) => {
        let items = 0;
        const copy = new DataCopy(original, { ...plain, began: (_original, _copy, size) => (items += size) });
        let slices = 1;
        while (!copy.advance(slice)) slices += 1;
        expect(copy.result).toEqual(original);
        if (items > 0) expect(slices).toBeGreaterThanOrEqual(Math.floor(items / slice));
        expect(slices).toBeLessThanOrEqual(Math.ceil(items / slice) + 1);
      }),
    );
  });

  test('has any depth', () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) nested = [nested];
    const copy = new DataCopy(nested, plain);
    expect(copy.advance(200_000)).toBe(true);
  });

  test.each([
    ['empty objects', Array.from({ length: 100_000 }, () => ({}))],
    ['a long list', Array.from({ length: 100_000 }, () => 1)],
    ['an object of many fields', Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 1]))],
    ['lists of one item', Array.from({ length: 50_000 }, (_, index) => [index])],
  ])('pauses every few thousand items: %s', async (_name, value) => {
    for (const copy of [fromExpressionData, cloneData]) {
      const run = new CountingRun();
      expect(await copy(value, run)).toEqual(value);
      expect(run.pauses).toBeGreaterThanOrEqual(20);
    }
  });

  test('pauses between long texts', async () => {
    const run = new CountingRun();
    await fromExpressionData(Array(500).fill('x'.repeat(100_000)), run);
    expect(run.pauses).toBeGreaterThanOrEqual(20);
  });

  test('of a small value is made at once', () => {
    const run = new CountingRun();
    expect(fromExpressionData({ a: [1, { b: 2 }] }, run)).toEqual({ a: [1, { b: 2 }] });
    expect(run.pauses).toBe(0);
  });
});

describe('a function of a long list pauses between its items', () => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 100_003);
  const objects = numbers.map((n) => ({ [`k${n}`]: n }));
  const one = Object.assign({}, ...objects) as object;

  test.each([
    ['$sort', (call: Call) => sort(call, numbers, undefined), numbers.length],
    ['$distinct', (call: Call) => distinct(call, objects), objects.length],
    ['$spread', (call: Call) => spread(call, objects), objects.length],
    ['$spread of one object', (call: Call) => spread(call, one), objects.length],
    ['$merge', (call: Call) => merge(call, objects), objects.length],
    ['$merge of one object', (call: Call) => merge(call, [one]), objects.length],
    ['$replace', (call: Call) => replace(call, '\r'.repeat(100_000), '\r', '\n'), 100_000],
  ])('%s', async (_name, invoke, items) => {
    const run = new CountingRun();
    await invoke(callOf(run));
    expect(run.pauses).toBeGreaterThanOrEqual(items);
  });
});

test('a step behind @, # or % has a bounded number of items', async () => {
  const rows = Array.from({ length: 100_001 }, () => 1);
  const limits = { limits: { timeoutMs: 60_000 } };
  for (const text of ['payload.rows#$i[3]', 'payload.rows@$r.$r', 'payload.rows.($type(%))']) {
    const error = await caught(() => evaluate(text, { payload: { rows } }, limits));
    expect(error.message).toContain('a step after @, # or % has more than 60000 items');
  }
  expect(await evaluate('$count(payload.rows)', { payload: { rows } })).toBe(100_001);
});

test('docs/expressions.md names the limits of steps and groupings', () => {
  const page = readFileSync(new URL('../../docs/expressions.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
  expect(page).toContain(
    `A path step with \`@\`, \`#\` or \`%\` can have at most ${maxTuples.toLocaleString('en')} items.`,
  );
  expect(page).toContain(`at most ${maxOpenStrands.toLocaleString('en')} values wait for services`);
});

test('docs/expressions.md names two differences from JSONata', async () => {
  const page = readFileSync(new URL('../../docs/expressions.md', import.meta.url), 'utf8');
  for (const [text, result] of [
    ['[$n := 1, $n]', '[1, 1]'],
    ['payload.rows.[sku, price]', '[["a", 1]]'],
  ] as const) {
    expect(page.replace(/\s+/g, ' ')).toContain(`\`${text}\` is \`${result}\``);
    expect(await evaluate(text, { payload: { rows: [{ sku: 'a', price: 1 }] } })).toEqual(JSON.parse(result));
  }
});

test('branches that run at the same time continue in their order, some in each turn of the event loop', async () => {
  const budget = new EvaluationBudget(defaultLimits);
  const continued: number[] = [];
  for (let branch = 0; branch < 1_200; branch++) void budget.breathe().then(() => continued.push(branch));
  for (const expected of [500, 1_000, 1_200]) {
    await nextTurn();
    expect(continued).toHaveLength(expected);
  }
  expect(continued).toEqual(continued.toSorted((a, b) => a - b));
});

describe('a grouping', () => {
  const rows = Array.from({ length: 400 }, (_, index) => ({ k: `k${index}` }));
  const limits = { limits: { timeoutMs: 60_000, maxDepth: 1_000 } };

  test.each([
    'payload.rows{k: (service.note(k); service.note(k))}',
    'payload.rows@$r{$r.k: (service.note($r.k); service.note($r.k))}',
    'payload.rows{k: (service.later(k); service.note(k); service.note(k))}',
    'payload.rows{k: {"a": service.note(k), "b": service.note(k)}}',
    'payload.rows{k: [service.note(k), service.note(k)]}',
    'payload.rows{k: {"a": service.later(k), "b": (service.note(k); service.note(k))}}',
    '( $f := function($r){ $r{k: (service.note(k); service.note(k))} }; payload{"x": $f(rows), "y": 1} )',
  ])('computes one value at a time: %s', async (text) => {
    const notes: unknown[] = [];
    const service = { note: (key: unknown) => notes.push(key), later: async () => await nextTurn() };
    await evaluate(text, { payload: { rows }, service }, limits);
    const firsts = notes.filter((_, index) => index % 2 === 0);
    expect(notes).toEqual(firsts.flatMap((key) => [key, key]));
    expect(new Set(firsts)).toEqual(new Set(rows.map(({ k }) => k)));
  });

  test.each([
    'payload.rows{k: service.later()}',
    'payload.rows@$r{$r.k: service.later()}',
    'payload.groups{id: rows{k: service.later()}}',
    'payload.groups{id: [service.later(), rows{k: service.later()}]}',
    'payload.rows[[0..9]]{k: $$.payload.rows{k: service.later()}}',
  ])('waits for the services of many keys at the same time: %s', async (text) => {
    let waiting: (() => void)[] = [];
    let most = 0;
    const service = { later: () => new Promise<void>((resolve) => waiting.push(resolve)) };
    const many = Array.from({ length: maxOpenStrands + 400 }, (_, index) => ({ k: `k${index}` }));
    const groups = [0, 200].map((from) => ({ id: `g${from}`, rows: rows.slice(from, from + 200) }));
    const result = evaluate(text, { payload: { rows: many, groups }, service }, { limits: { timeoutMs: 60_000 } });
    let isOver = false;
    void result.then(() => (isOver = true));
    while (!isOver) {
      for (let before = -1; waiting.length !== before; ) {
        before = waiting.length;
        for (let turn = 0; turn < 20; turn++) await nextTurn();
      }
      most = Math.max(most, waiting.length);
      for (const resolve of waiting) resolve();
      waiting = [];
    }
    expect(most).toBeGreaterThanOrEqual(400);
    expect(most).toBeLessThanOrEqual(maxOpenStrands + 2);
  });

  test('ends with the first error, and leaves no other one unhandled', async () => {
    const service = {
      async fail(key: string) {
        await nextTurn();
        if (Number(key.slice(1)) >= 300) throw new Error(key);
      },
    };
    await expect(evaluate('payload.rows{k: service.fail(k)}', { payload: { rows }, service })).rejects.toThrow('k300');
  });

  test.each(['payload.rows{k: $count($)}', 'payload.rows@$r{$r.k: $count($r)}'])(
    'has any number of keys: %s',
    async (text) => {
      const many = Array.from({ length: 20_000 }, (_, index) => ({ k: `k${index}` }));
      expect(Object.keys((await evaluate(text, { payload: { rows: many } }, limits)) as object)).toHaveLength(20_000);
    },
  );

  test.each(['payload.rows{"x": $count($)}', 'payload.rows@$r.payload.list@$l{"x": $count($l)}'])(
    'has at most as many items of one key as a list may have: %s',
    async (text) => {
      const short = { limits: { ...limits.limits, maxSequenceLength: 1_000 } };
      const list = Array.from({ length: 30 }, () => [1, 2]);
      const error = await caught(() => evaluate(text, { payload: { rows: [...rows, ...rows, ...rows], list } }, short));
      expect(error.message).toContain('a sequence is too long');
    },
  );

  test('appends to one list', () => {
    const appended = new AppendedList([1], () => {});
    appended.append(2);
    const list = appended.value;
    for (const value of [[3, 4], undefined, 5]) appended.append(value);
    expect(appended.value).toBe(list);
    expect(list).toEqual([1, 2, 3, 4, 5]);
  });

  test('keeps the variables that it binds for what follows', async () => {
    const given = { payload: { rows: rows.slice(0, 2) } };
    expect(await evaluate('( payload.rows{k: $last := k}; $last )', given)).toBe('k1');
    expect(await evaluate('( {payload.rows[0].k: $first := 7}; $first )', given)).toBe(7);
  });

  test('keeps the filters and variables of its step', async () => {
    const given = { payload: { rows: rows.slice(0, 2) } };
    expect(await evaluate('payload.rows.{"k": 1, k: 2}[k0 = 2]', given)).toEqual({ k: 1, k0: 2 });
    expect(await evaluate('payload.rows.{k: 1}@$y.$y', given)).toEqual([{ k0: 1 }, { k1: 1 }]);
    expect(await evaluate('payload.rows.{k: 1}#$i.$i', given)).toEqual([0, 0]);
    expect(await evaluate('(payload.rows){k: 1}', given)).toEqual({ k0: 1, k1: 1 });
  });
});

test('a list longer than what is sorted at once is sorted, and keeps what is equal', async () => {
  const values = fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()), {
    minLength: 1,
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(values, async (list) => {
      const many = Array.from({ length: 20_000 }, (_, index) => list[index % list.length] as number);
      const sorted = (await sort(callOf(new CountingRun()), many, undefined)) as number[];
      expect(sorted).toEqual(many.toSorted((a, b) => a - b));
      const texts = many.map(String);
      expect(await sort(callOf(new CountingRun()), texts, undefined)).toEqual(
        texts.toSorted((a, b) => (a > b ? 1 : a < b ? -1 : 0)),
      );
    }),
    { numRuns: 5 },
  );
});

test('large payloads give the results of small ones', async () => {
  const rows = Array.from({ length: 5_000 }, (_, index) => ({ id: index, tags: [`t${index % 7}`], on: {} }));
  const limits = { limits: { timeoutMs: 60_000 } };
  const given = { payload: { rows } };
  expect(await evaluate('payload.rows ~> |$|{ "id": 1 }|', given, limits)).toEqual(
    rows.map((row) => ({ ...row, id: 1 })),
  );
  expect(await evaluate('$distinct(payload.rows.tags)', given, limits)).toHaveLength(7);
  expect(await evaluate('[0..4999]', given, limits)).toEqual(rows.map(({ id }) => id));
  expect(await evaluate('payload.rows#$i.($i + id)', given, limits)).toEqual(rows.map(({ id }) => 2 * id));
  const service = { echo: (value: unknown) => value };
  expect(await evaluate('service.echo(payload.rows)', { ...given, service }, limits)).toEqual(rows);
});
