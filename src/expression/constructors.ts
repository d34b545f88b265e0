import type { ExpressionNode } from './expression-node.ts';
import { runOf } from './expression-run.ts';
import { type Call, evaluateNode, type Sequence, sharedFrame } from './jsonata-internals.ts';

// The constructors `[…]` and `..`, counted.

/**
 * Makes the list of `[…]`.
 *
 * @param shape a character for each item, `[` where the item is a list of its own; before them one for the whole, `[`
 * where it stays an item of a list when it is the last step of a path
 */
export function makeList(call: Call, shape: string, items: readonly unknown[]): unknown[] {
  const isSpread = (item: unknown, index: number): item is readonly unknown[] =>
    Array.isArray(item) && shape[index + 1] !== '[';
  const lengths = items.map((item, index) => (isSpread(item, index) ? item.length : item === undefined ? 0 : 1));
  const length = lengths.reduce<number>((sum, one) => sum + one, 0);
  runOf(call).budget.makeList(length);
  // A list of known length takes a quarter of the time of one that grows.
  const list = new Array<unknown>(length);
  let next = 0;
  items.forEach((item, index) => {
    if (isSpread(item, index)) for (const one of item) list[next++] = one;
    else if (item !== undefined) list[next++] = item;
  });
  if (shape.startsWith('[')) Object.defineProperty(list, 'cons', { value: true });
  return list;
}

/** Makes the list of `[…]` whose items can wait for services at the same time. */
export async function makeListAtOnce(
  call: Call,
  { expressions = [] }: ExpressionNode,
  shape: string,
): Promise<unknown[]> {
  const frame = sharedFrame(call.environment);
  const items = await runOf(call).strands.all(expressions.length, (index) =>
    evaluateNode(expressions[index] as ExpressionNode, call.input, frame),
  );
  return makeList(call, shape, items);
}

/** Makes the range of `..`. */
export function makeRange(call: Call, first: unknown, last: unknown): Sequence | undefined {
  if (first !== undefined && !Number.isInteger(first)) throw { code: 'T2003', value: first };
  if (last !== undefined && !Number.isInteger(last)) throw { code: 'T2004', value: last };
  if (first === undefined || last === undefined || (first as number) > (last as number)) return undefined;
  const length = (last as number) - (first as number) + 1;
  runOf(call).budget.makeList(length);
  const range: Sequence = new Array(length);
  for (let index = 0; index < length; index++) range[index] = (first as number) + index;
  range.sequence = true;
  return range;
}

/** A known step on the path to the rows of `path.[…]`: a field, or the index of an item. */
export type RowStep = string | number;

/**
 * Keeps a list of lists with one row. JSONata returns the row itself, so that its cells would be taken for rows.
 *
 * @param rows the result of the path
 * @param from the value at which the path begins
 * @param way the steps to the values that the rows are made of
 */
export function keepRow(rows: unknown, from: unknown, way: readonly RowStep[]): unknown {
  return isRow(rows) && leadsThroughList(from, way) ? [rows] : rows;
}

function isRow(rows: unknown): boolean {
  return Array.isArray(rows) && 'cons' in rows;
}

/** Returns whether JSONata maps over a list on the way. */
function leadsThroughList(from: unknown, way: readonly RowStep[]): boolean {
  let value = from;
  for (const step of way) {
    if (typeof step === 'number') {
      if (Array.isArray(value)) value = value.at(step);
    } else if (Array.isArray(value)) return true;
    else if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
    else value = (value as Record<string, unknown>)[step];
  }
  return Array.isArray(value);
}
