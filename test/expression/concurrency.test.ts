import { expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import type { ExpressionContext } from '../../src/expression/expression-context.ts';

test('evaluations that run into each other keep to their own messages', async () => {
  const text = `payload.items.(
    $own := reference('service').wait(id);
    $own & '/' & reference('service').wait(payload.id) & '/' & $$.headers.id & '/' & parameter('id') & '/' & id
  )`;
  const expression = compileExpression(text);
  const waiting: { id: number; go: () => void }[] = [];

  const contextOf = (id: number): ExpressionContext => ({
    payload: { id, items: [{ id: `${id}a` }, { id: `${id}b` }] },
    headers: { id },
    reference: () => ({
      wait: (value: unknown) => new Promise((resolve) => waiting.push({ id, go: () => resolve(`${id}:${value}`) })),
    }),
    parameter: () => id,
  });

  const ids = [1, 2, 3, 4, 5];
  const results = Promise.all(ids.map((id) => expression.evaluate(contextOf(id))));
  // Let them go one step at a time: the last first, then the first, and so on.
  for (let step = 0; step < 4; step++) {
    while (waiting.length < ids.length) await new Promise((resolve) => setImmediate(resolve));
    const now = waiting.splice(0).toSorted((a, b) => (step % 2 === 0 ? b.id - a.id : a.id - b.id));
    for (const { go } of now) {
      go();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const expected = (id: number) => ['a', 'b'].map((item) => `${id}:${id}${item}/${id}:${id}/${id}/${id}/${id}${item}`);
  expect(await results).toEqual(ids.map(expected));
});

test('one that fails leaves those beside it alone', async () => {
  const expression = compileExpression("reference('s').of(payload)");
  const reference = (ok: boolean) => () => ({
    of: async (value: unknown) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (!ok) throw new Error(`failed on ${value}`);
      return value;
    },
  });
  const results = await Promise.allSettled(
    [1, 2, 3, 4].map((payload) =>
      expression.evaluate({ payload, headers: {}, reference: reference(payload % 2 === 0), parameter: () => 0 }),
    ),
  );
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
});
