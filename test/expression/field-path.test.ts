import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { contextOf, deepFrozen } from './evaluate.ts';

const names = ['a', 'b', 'constructor', '__proto__', 'length', 'toString', '0', '_jsonata_lambda', 'tupleStream', ''];
const name = fc.constantFrom(...names);

const payloads = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<unknown>(1, 'text', true, null, ''),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

const paths = fc
  .array(name, { maxLength: 4 })
  .map((fields) => ['payload', ...fields.map((field) => `\`${field}\``)].join('.'));

const toJson = (value: unknown) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

test('a plain path gives what JSONata gives for it', async () => {
  await fc.assert(
    fc.asyncProperty(payloads, paths, async (payload, path) => {
      const context = contextOf({ payload: deepFrozen(payload) });
      const read = await compileExpression(path).evaluate(context);
      // In parentheses, it is an expression like every other.
      expect(isDeepStrictEqual(read, await compileExpression(`(${path})`).evaluate(context))).toBe(true);
      const hostile = /_jsonata_lambda|tupleStream/.test(JSON.stringify(payload));
      if (hostile) return;
      expect(isDeepStrictEqual(toJson(read), toJson(await jsonata(path).evaluate({ payload })))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('a path through a list or an object with methods is left to JSONata', async () => {
  class Customer {
    readonly tags = [{ name: 'x' }];
    get id() {
      return 7;
    }
    method() {}
  }
  const context = contextOf({ payload: { customer: new Customer(), list: [{ id: 1 }, { id: 2 }] } });
  expect(await compileExpression('payload.list.id').evaluate(context)).toEqual([1, 2]);
  expect(await compileExpression('payload.customer.id').evaluate(context)).toBe(7);
  expect(await compileExpression('payload.customer.tags.name').evaluate(context)).toBe('x');
  expect(await compileExpression('payload.customer.method').evaluate(context)).toBeUndefined();
  expect(await compileExpression('payload.customer.constructor').evaluate(context)).toBeUndefined();
});
