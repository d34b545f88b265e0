import type { ExpressionNode } from './expression-node.ts';
import { nativeNames } from './native-names.ts';

/** Returns whether a rewritten expression has the same value in every context. */
export function isContextFree(node: ExpressionNode | undefined): boolean {
  if (node === undefined) return true;
  switch (node.type) {
    case 'number':
    case 'string':
    case 'value':
      return true;
    case 'variable':
      return node.value !== '';
    case 'path':
      return isContextFree(node.steps?.[0]);
    case 'function':
      return isFree(node.procedure, node) && (node.arguments ?? []).every(isContextFree);
    case 'binary':
      return isContextFree(node.lhs as ExpressionNode) && isContextFree(node.rhs);
    case 'bind':
      return isContextFree(node.rhs);
    case 'block':
      return isOfOnePath(node) && (node.expressions ?? []).every(isContextFree);
    case 'condition':
      return isContextFree(node.condition) && isContextFree(node.then) && isContextFree(node.else);
    default:
      return false;
  }
}

/** Returns whether a block replaces a path with an order-by. */
function isOfOnePath({ expressions: [first] = [] }: ExpressionNode): boolean {
  return first?.rhs?.procedure?.value === nativeNames.ordered;
}

const free: ReadonlySet<unknown> = new Set([
  nativeNames.reference,
  nativeNames.parameter,
  nativeNames.concatenate,
  nativeNames.equal,
  nativeNames.unequal,
  nativeNames.included,
  nativeNames.ordered,
  nativeNames.exact,
  nativeNames.truth,
  nativeNames.part,
]);

function isFree(procedure: ExpressionNode | undefined, { arguments: args = [] }: ExpressionNode): boolean {
  // A grouping without input is an object, which is made of its context.
  return free.has(procedure?.value) || (procedure?.value === nativeNames.group && args.length > 1);
}
