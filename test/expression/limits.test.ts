import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { caught } from '../caught.ts';
import { evaluate } from './evaluate.ts';

const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);

beforeAll(() => {
  process.on('unhandledRejection', note);
});

afterAll(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

/** For what is long but has an end, on a machine that is busy. */
const patient = { limits: { timeoutMs: 60_000 } };

const limits = { timeoutMs: 250, maxDepth: 5_000, maxSequenceLength: 10_000 };

describe('a runaway expression fails, and only its evaluation does', () => {
  test.each([
    ['($f := function($x){ 1 + $f($x) }; $f(1))', 'it is nested too deeply'],
    ['($f := function($x){ $f($x + 1) }; $f(1))', 'it takes too long'],
    ['[1..10000000]', 'a sequence is too long'],
    ['[1..100000000]', 'a sequence is too long'],
    ['[1..9000].[1..9000]', 'too long'],
    // The time limit or the size limit ends it, whichever is reached first on the machine.
    ['$map([1..9000], function($i){ $map([1..9000], function($j){ $i * $j }) })', 'too long'],
    ['($f := function($x){ $f(service.same($x)) }; $f(1))', 'it takes too long'],
    ['($f := function($x){ 1 + $f(service.same($x)) }; $f(1))', 'it is nested too deeply'],
    ['[service.fail(), ($f := function($x){ $f(service.same($x)) }; $f(1))]', 'the service failed'],
    ['$reduce([1..9000], function($a, $b){ $a & $a }, "x")', 'nested too deeply, or too long'],
  ])('%s', async (text, expected) => {
    const service = {
      same: (value: unknown) => value,
      fail: async () => {
        throw new Error('the service failed');
      },
    };
    const timeoutMs = expected === 'it is nested too deeply' ? 5_000 : limits.timeoutMs;
    const options = { limits: { ...limits, timeoutMs } };
    const failure = (await evaluate(text, { service }, options).catch((error) => error)) as Error;
    expect(failure.message).toContain(expected);
    if (expected !== 'the service failed') expect(failure).toMatchObject({ name: 'LittoralError', retryable: false });
    expect(await evaluate('1 + 1', {}, { limits })).toBe(2);
  });

  test('under the limits that hold by default', async () => {
    expect((await caught(() => evaluate('($f := function($x){ 1 + $f($x) }; $f(1))', {}))).message).toMatch(
      /too deep|too long/,
    );
    expect((await caught(() => evaluate('[1..10000000]', {}))).message).toContain('a sequence is too long');
  });
});

test('waiting for a service does not count', async () => {
  const service = { slow: () => new Promise((resolve) => setTimeout(() => resolve(1), 400)) };
  expect(await evaluate('service.slow() + service.slow()', { service }, { limits })).toBe(2);
  expect(await evaluate('$sum([service.slow(), service.slow()])', { service }, { limits })).toBe(2);
});

test('computing between calls counts, although each call resolves at once', async () => {
  const service = { same: async (value: unknown) => value };
  const text = '($f := function($x){ $f(service.same($x)) }; $f(1))';
  expect((await caught(() => evaluate(text, { service }, { limits }))).message).toContain('it takes too long');
});

test('what runs beside a branch that failed is ended', async () => {
  let calls = 0;
  const service = {
    fail: async () => {
      throw new Error('failed');
    },
    count: () => new Promise((resolve) => setImmediate(() => resolve(++calls))),
  };
  const text = '[service.fail(), ($f := function($x){ $f(service.count()) }; $f(1))]';
  await expect(evaluate(text, { service })).rejects.toThrow('failed');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const after = calls;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(calls).toBe(after);
  expect(after).toBeLessThan(5);
});

test('an object of many keys can be made', async () => {
  const items = Array.from({ length: 5_000 }, (_, index) => ({ id: `i${index}`, n: index }));
  const result = await evaluate('payload{ id: n }', { payload: items }, patient);
  expect(Object.keys(result as object)).toHaveLength(5_000);
});

test('long lists are sorted, made distinct, spread and gone through without the square of their length in memory or time', async () => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 100_003);
  expect(await evaluate('$sort(payload)', { payload: numbers }, patient)).toEqual(numbers.toSorted((a, b) => a - b));
  expect(await evaluate('$distinct(payload)', { payload: numbers }, patient)).toEqual(numbers);
  const objects = numbers.map((n) => ({ n }));
  expect(await evaluate('$spread(payload)', { payload: objects }, patient)).toEqual(objects);
  const lists = Object.fromEntries(numbers.map((n) => [`k${n}`, [n]]));
  expect(await evaluate('payload.*', { payload: lists }, patient)).toEqual(numbers);
  const error = await caught(() =>
    evaluate('$sort(payload, function($a, $b){ $a > $b })', { payload: numbers }, { limits }),
  );
  expect(error.message).toContain('it takes too long');
});

describe('$eval is disabled', () => {
  test.each(['$eval("1")', 'payload ~> $eval', '$map(["1"], $eval)', '($e := $eval; $e("1"))', '"1" ~> $eval()'])(
    '%s',
    (text) => {
      expect(() => compileExpression(text)).toThrow('$eval is disabled');
    },
  );
});
