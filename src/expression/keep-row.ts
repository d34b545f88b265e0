import type { RowStep } from './constructors.ts';
import * as make from './expression-node.ts';
import { type ExpressionNode, nodesOf } from './expression-node.ts';
import { nativeNames } from './native-names.ts';
import { isCondition, yieldsSequence } from './yields-sequence.ts';

interface RowOptions {
  /** True if the path begins at the message although its context is another value. */
  readonly atMessage: boolean;
  /** Returns a new name for a variable. */
  hoistedName(): string;
}

/**
 * Wraps a path that ends in `[…]` in a function that keeps a list of one row. The steps or the data show whether there
 * can be several rows: there can if the path leads through a list.
 *
 * @returns the node to rewrite in its place
 */
export function withRowsKept(path: ExpressionNode, { atMessage, hoistedName }: RowOptions): ExpressionNode {
  const steps = path.steps ?? [];
  if (!endsInRow(path)) return path;
  const before = steps.slice(0, -1);
  if (before.some(mapsAlways)) return Object.assign(path, { keepSingletonArray: true });
  const begin = before.findLastIndex((step) => step.type !== 'name');
  const names = before.slice(begin + 1);
  if (begin === -1) return rowsOf(path, make.variable(atMessage ? nativeNames.message : ''), names);
  const [first] = before;
  if (begin === 0 && first?.type === 'variable' && !first.stages) return rowsOf(path, { ...first }, names);
  const name = hoistedName();
  const beginning: ExpressionNode = { type: 'path', steps: steps.slice(0, begin + 1) };
  const rest: ExpressionNode = { ...path, steps: [make.variable(name), ...steps.slice(begin + 1)] };
  return make.block([make.bind(name, beginning), rowsOf(rest, make.variable(name), names)]);
}

function endsInRow({ steps = [], keepArray, keepSingletonArray }: ExpressionNode): boolean {
  const last = steps.at(-1);
  if (steps.length < 2 || !last?.consarray || last.stages || keepArray || keepSingletonArray) return false;
  // `@`, `#` and `%` depend on the steps, so these are not changed.
  return !steps.some((step) => step.focus || step.index || [...nodesOf(step)].some(({ type }) => type === 'parent'));
}

const mapping: ReadonlySet<string> = new Set(['wildcard', 'descendant', 'sort']);

function mapsAlways(step: ExpressionNode): boolean {
  if (step.stages?.some(isCondition)) return true;
  return mapping.has(step.type) || (step.type !== 'name' && yieldsSequence(step));
}

function rowsOf(path: ExpressionNode, from: ExpressionNode, names: readonly ExpressionNode[]): ExpressionNode {
  const way = names.flatMap((step): RowStep[] => [
    String(step.value),
    ...(step.stages ?? []).map(({ expr }) => Number(expr?.value)),
  ]);
  const steps = way.map((step): ExpressionNode => ({ type: typeof step, value: step }));
  return make.call(nativeNames.rows, [path, from, ...steps]);
}
