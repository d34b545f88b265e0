import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, test } from 'vitest';
import { isEqual, isIncluded } from '../../src/expression/comparison.ts';
import { EvaluationBudget } from '../../src/expression/evaluation-budget.ts';
import { defaultLimits } from '../../src/expression/expression-limits.ts';
import { ExpressionRun } from '../../src/expression/expression-run.ts';
import type { Call, Sequence } from '../../src/expression/jsonata-internals.ts';
import { children, descendants, distinct } from '../../src/expression/list-functions.ts';
import { contextOf, evaluate } from './evaluate.ts';

/** An evaluation that counts how often it looks at the clock. */
class CountingRun extends ExpressionRun {
  looks = 0;

  constructor() {
    super(contextOf({}), defaultLimits);
  }

  override pause(): undefined {
    this.looks += 1;
  }
}

function callOf(run: CountingRun, input?: unknown): Call {
  const createSequence = (): Sequence => Object.assign([], { sequence: true });
  return { environment: { lookup: () => run }, input, createSequence } as unknown as Call;
}

const numbers = Array.from({ length: 100_000 }, (_, index) => index);
const long = 'x'.repeat(100_000);
const longs = Array.from({ length: 500 }, () => long);

describe('an operator looks at the clock while it works', () => {
  test.each<[string, (call: Call) => unknown, number]>([
    ['= of long lists', (call) => isEqual(call, numbers, [...numbers]), 200],
    ['= of large objects', (call) => isEqual(call, { ...numbers }, { ...numbers }), 200],
    [
      '= of nested lists',
      (call) =>
        isEqual(
          call,
          numbers.map((n) => [n]),
          numbers.map((n) => [n]),
        ),
      400,
    ],
    ['= of long texts', (call) => isEqual(call, longs, [...longs]), 500],
    ['in', (call) => isIncluded(call, 'y', numbers), 200],
    ['in, of long texts', (call) => isIncluded(call, `${long.slice(1)}y`, longs), 500],
    ['$distinct of long texts', (call) => distinct(call, longs), 500],
    [
      '$distinct of objects with long texts',
      (call) =>
        distinct(
          call,
          longs.map((text) => ({ text })),
        ),
      500,
    ],
    ['*', (call) => children({ ...call, input: { a: numbers.map((n) => [n]) } }), 400],
    ['**', (call) => descendants({ ...call, input: numbers.map((n) => ({ n: [n] })) }), 600],
  ])('%s', async (_name, compute, least) => {
    const run = new CountingRun();
    await compute(callOf(run));
    expect(run.looks).toBeGreaterThanOrEqual(least);
  });
});

describe('an operator gives what it gives in JSONata', () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(
      1,
      'a',
      null,
      [],
      {},
      [1],
      { length: 0 },
      { a: 1, b: 2 },
      { b: 2, a: 1 },
      [[1]],
      [{ a: 1 }],
    ),
  );

  test.each([
    'payload.a = payload.b',
    'payload.a != payload.b',
    'payload.a in payload.b',
    'payload.a in payload.a',
    'payload.a[0] = payload.a[0]',
    'payload.a = payload.missing',
    'payload.missing in payload.a',
    'payload.b.**',
    'payload.**',
    'payload.a.**[0]',
    'payload.a.**.a',
    '$count(payload.**)',
    'payload.[a, b].**',
  ])('%s', async (text) => {
    await fc.assert(
      fc.asyncProperty(value, value, async (a, b) => {
        const payload = JSON.parse(JSON.stringify({ a, b }));
        const expected = await jsonata(text).evaluate({ payload: structuredClone(payload) });
        const toJson = (result: unknown) => (result === undefined ? undefined : JSON.parse(JSON.stringify(result)));
        expect(toJson(await evaluate(text, { payload }))).toStrictEqual(toJson(expected));
      }),
      { numRuns: 100 },
    );
  });

  test('compares lists of any depth', async () => {
    const deep = () => numbers.reduce<unknown>((inner) => [inner], 1);
    expect(await isEqual(callOf(new CountingRun()), deep(), deep())).toBe(true);
  });
});

describe('texts that & makes', () => {
  const budget = (maxTextLength: number) => new EvaluationBudget({ ...defaultLimits, maxTextLength });

  test('count against the bound on all texts', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => `${index}`);
    const payload = { rows, text: 'x'.repeat(1_000) };
    const limits = { limits: { timeoutMs: 60_000, maxTextLength: 20_000 } };
    for (const text of [
      '$sort(payload.rows.($ & $$.payload.text))',
      '$distinct(payload.rows.($ & $$.payload.text))',
      'payload.rows.($ & $$.payload.text)^($)',
      'payload.rows{$ & $$.payload.text: 1}',
      'payload.rows.($ & $$.payload.text)[$ > "x"]',
    ]) {
      await expect(evaluate(text, { payload }, limits)).rejects.toThrow('texts of more than 80000 characters in all');
    }
  });

  test('count once where each extends the one before', async () => {
    const rows = Array.from({ length: 1_000 }, (_, index) => ({ k: `k${index}`, v: 'v' }));
    const limits = { limits: { timeoutMs: 60_000, maxTextLength: 10_000 } };
    for (const text of [
      '$reduce(payload.rows, function($all, $row){ $all & ";" & $row.k }, "")',
      '$reduce(payload.rows, function($all, $row){ $row.k & $all }, "")',
      '$reduce(payload.rows, function($all, $row){ { "a": $all.a & $row.k, "b": $row.v & $all.b } }, {}).a',
    ]) {
      expect(await evaluate(text, { payload: { rows } }, limits)).toHaveLength(text.includes('";"') ? 4_890 : 3_890);
    }
    const made = budget(100);
    for (let text = 'x'.repeat(80), count = 0; count < 20; count++) {
      const longer = `${text}y`;
      made.joinTexts(longer, [text, 'y']);
      text = longer;
    }
    expect(() => budget(100).joinTexts('x'.repeat(101), [])).toThrow();
  });
});

test('a step appends a bounded number of items', async () => {
  const deep = Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], Array(200).fill({ k: 1 }));
  const limits = { limits: { timeoutMs: 60_000, maxSequenceLength: 1_000 } };
  for (const text of ['payload.list.k', '$lookup(payload.list, "k")', 'payload.list^(k)']) {
    await expect(evaluate(text, { payload: { list: deep } }, limits)).rejects.toThrow('a sequence is too long');
    expect(await evaluate('$count(payload.list.k)', { payload: { list: deep } })).toBe(200);
  }
});

test('$trim looks at each character once', async () => {
  const text = ` \r\n\t a \r\r b${'\r'.repeat(1_000)}`;
  expect(await evaluate('$trim(payload)', { payload: text })).toBe('a b');
  expect(await evaluate('$trim(payload)', { payload: '\r'.repeat(1_000) })).toBe('');
});
