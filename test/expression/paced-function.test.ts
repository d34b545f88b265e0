import { describe, expect, test } from 'vitest';
import type { Call } from '../../src/expression/jsonata-internals.ts';
import { define } from '../../src/expression/jsonata-internals.ts';
import { paced } from '../../src/expression/paced-function.ts';
import { caught } from '../caught.ts';
import { evaluate } from './evaluate.ts';

/** An evaluation whose slice is over after each function that has computed. */
class OneInTurn {
  readonly computed: unknown[] = [];
  #isOver = false;
  readonly #waiting: (() => void)[] = [];
  readonly budget = { checkLimits: () => (this.#isOver = true) };

  pause(): Promise<void> | undefined {
    return this.#isOver ? new Promise((resolve) => this.#waiting.push(resolve)) : undefined;
  }

  async turn(): Promise<void> {
    this.#isOver = false;
    for (const proceed of this.#waiting.splice(0)) proceed();
    await new Promise(setImmediate);
  }

  call(): Call {
    return { environment: { lookup: () => this }, input: undefined } as unknown as Call;
  }
}

describe('functions that are called at the same time', () => {
  test('compute one after the other, and none of them in a slice that is over', async () => {
    const run = new OneInTurn();
    const { implementation } = paced(define((item: number) => run.computed.push(item)));
    const results = [1, 2, 3, 4].map((item) => Reflect.apply(implementation, run.call(), [item] as never[]));
    for (const computed of [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]) {
      expect(run.computed).toEqual(computed);
      await run.turn();
    }
    expect(await Promise.all(results)).toEqual([1, 2, 3, 4]);
  });
});

test('a function that waits ends with its own error, and leaves none unhandled', async () => {
  const error = new Error('its own');
  const budget = {
    checkLimits() {
      throw new Error('the limit');
    },
  };
  const call = { environment: { lookup: () => ({ budget, pause: () => undefined }) } } as unknown as Call;
  const { implementation } = paced(
    define(async () => {
      throw error;
    }),
  );
  await expect(Reflect.apply(implementation, call, [] as never[])).rejects.toBe(error);
});

test('a method whose arguments cannot be copied fails once', async () => {
  const large = Array.from({ length: 10_000 }, (_, index) => [index]);
  const service = { take: () => 1 };
  const limits = { limits: { timeoutMs: 60_000, maxSequenceLength: 4_000 } };
  for (const text of ['service.take(payload, payload)', 'service.take(payload, $string)']) {
    await expect(evaluate(text, { payload: large, service }, limits)).rejects.toThrow('a sequence is too long');
  }
});

const rows = Array.from({ length: 60 }, (_, index) => ({ k: `k${index}` }));

test('all copies of one evaluation have a bounded number of items', async () => {
  const limits = { limits: { timeoutMs: 60_000, maxSequenceLength: 1_000 } };
  for (const text of ['payload.rows.[$$.payload ~> |rows[0]|{"z": 1}|]', 'payload.rows{k: $clone($$.payload.rows)}']) {
    const error = await caught(() => evaluate(text, { payload: { rows } }, limits));
    expect(error.message).toContain('lists of more than 4000 items in all');
  }
});
