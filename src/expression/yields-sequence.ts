import type { ExpressionNode, Stage } from './expression-node.ts';

/** JSONata's functions whose result is a list of any length. */
const listFunctions: ReadonlySet<unknown> = new Set(['map', 'filter', 'each', 'keys', 'match', 'spread', 'distinct']);

/**
 * Returns whether an expression selects or maps, so that one item means a list of one, and no item an empty list. A
 * field of a method's result counts, because the result can be a list. A path of names alone does not: its value is
 * known.
 */
export function yieldsSequence(node: ExpressionNode | undefined): boolean {
  if (node === undefined) return false;
  if (node.predicate) return true;
  switch (node.type) {
    case 'path':
      return !node.group && (node.keepSingletonArray === true || (node.steps ?? []).some(selects));
    case 'block':
      return yieldsSequence(node.expressions?.at(-1));
    case 'condition':
      return yieldsSequence(node.then) || yieldsSequence(node.else);
    case 'bind':
    case 'apply':
      return yieldsSequence(node.rhs);
    case 'function':
      return listFunctions.has(node.procedure?.value);
    case 'wildcard':
    case 'descendant':
      return true;
    default:
      return false;
  }
}

/** Returns whether the last step of a path filters a list. A single remaining item that is a list is then one item. */
export function selectsItems({ steps = [], group }: ExpressionNode): boolean {
  const last = steps.at(-1);
  return !group && (last?.type === 'sort' || (last?.stages ?? []).some(isCondition));
}

/** Returns whether a filter is anything but the index of an item. */
export function isCondition({ type, expr }: Stage): boolean {
  return type === 'filter' && expr?.type !== 'number';
}

function selects(step: ExpressionNode, index: number, steps: readonly ExpressionNode[]): boolean {
  if (step.stages?.length) return true;
  if (step.type === 'name') return steps.slice(0, index).some(({ type }) => type !== 'name');
  const isOneValue = step.type === 'function' || (index === 0 && step.type === 'variable');
  return !isOneValue || yieldsSequence(step);
}
