import { isPartName, type PartName } from './expression-context.ts';
import type { ExpressionNode } from './expression-node.ts';
import { nativeNames } from './native-names.ts';

/** The meaning of names at a place in an expression. */
export interface Scope {
  /** True if the context is the message: names are then its parts, and nothing else. */
  readonly onMessage: boolean;
  /** True in the argument of a method, where the names of the message's parts mean these in every context. */
  readonly inArgument: boolean;
}

/**
 * Returns whether a path begins at the message although its context is another value.
 *
 * @throws SyntaxError when it begins with a name that the message does not have
 */
export function beginsAtMessage(steps: readonly ExpressionNode[], scope: Scope, parts: readonly PartName[]): boolean {
  const [first, second] = steps;
  if (first?.type !== 'name') return false;
  const name = first.value;
  // Data has no methods, so the name cannot be a field of the item.
  const isService = name === 'service' && second?.procedure?.value === nativeNames.call;
  const isOfMessage = isPartName(name) && (scope.inArgument || isService);
  if (scope.onMessage || isOfMessage) assertPart(name, scope, parts);
  return isOfMessage && (scope.inArgument || !scope.onMessage);
}

function assertPart(name: unknown, { inArgument }: Scope, parts: readonly PartName[]): void {
  if (isPartName(name) && parts.includes(name)) return;
  const known = `${parts.join(', ')}, reference('…') and parameter('…')`;
  const hint = inArgument
    ? '. An argument does not see the object before the dot; in a mapped path, write items.(….method(field))'
    : '';
  throw new SyntaxError(`unknown name '${String(name)}'; available: ${known}${hint}`);
}

/**
 * Returns whether a path begins with a service in a context that may be a list. JSONata would look it up for each item.
 */
export function beginsWithReference(first: ExpressionNode | undefined, scope: Scope): first is ExpressionNode {
  const isReference = first?.type === 'function' && first.procedure?.value === nativeNames.reference;
  return isReference && !scope.onMessage && !first.stages && !first.focus && !first.index;
}

export function assertNoEval(node: ExpressionNode): ExpressionNode {
  if (node.value === 'eval') throw new SyntaxError('$eval is disabled');
  return node;
}

export function assertNotPartial({ type }: ExpressionNode, name: string): void {
  if (type !== 'partial') return;
  throw new SyntaxError(`${name}(…, ?) is not supported; write function($x){ … ${name}(…, $x) }`);
}

/** Refuses `%` in an argument, because JSONata has already resolved it to the parent of the object before the dot. */
export function assertNoParent(node: ExpressionNode, scope: Scope): ExpressionNode {
  if (!scope.inArgument) return node;
  throw new SyntaxError(
    '% cannot be used in the argument of a method; bind it to a variable first: ( $parent := %; … )',
  );
}

export function assertNoTupleVariables(left: readonly ExpressionNode[], method: string): void {
  const binds = ({ focus, index, stages = [] }: ExpressionNode) =>
    focus !== undefined || index !== undefined || stages.some(({ type }) => type === 'index');
  if (!left.some(binds)) return;
  throw new SyntaxError(
    `after @ or #, write ${method}(…) in parentheses of its own, so that it sees the fields of the item: items@$i.( … )`,
  );
}
