import { childrenOf, type ExpressionNode } from './expression-node.ts';

/** Returns whether a node can bind a variable that its siblings see. Blocks and functions keep their variables. */
export function bindsHere(node: ExpressionNode): boolean {
  if (node.type === 'bind') return true;
  return childrenOf(node).some(bindsHere);
}
