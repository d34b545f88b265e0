import { bindsHere } from './binds-here.ts';
import * as make from './expression-node.ts';
import { defaultOperator, type ExpressionNode } from './expression-node.ts';
import { nativeNames } from './native-names.ts';
import { matcherOf } from './regex-matcher.ts';

interface OperatorOptions {
  /** The expression. */
  readonly text: string;
  /** True if the expression can wait for services. */
  readonly mayWait: boolean;
  /** Returns a new name for a variable. */
  hoistedName(): string;
}

/**
 * Replaces operators by calls of littoral's own functions, where JSONata evaluates without a bound, with one state for
 * several uses, more than once, or concurrently.
 *
 * @returns the node to rewrite in its place; the same node where there is nothing to do
 */
export function rewriteOperator(node: ExpressionNode, options: OperatorOptions): ExpressionNode {
  switch (node.type) {
    case 'regex':
      return Object.assign(node, { type: 'value', value: matcherOf(node.value as RegExp) });
    case 'binary':
      if (node.value === '&') return become(node, make.call(nativeNames.concatenate, operandsOf(node)));
      if (computing.has(node.value)) return node.isChecked ? node : checked(node);
      if (logical.has(node.value)) return withTruthOfBoth(node);
      if (alike.has(node.value)) return rewriteComparison(node);
      if (node.value !== '..') return node;
      return become(node, make.call(nativeNames.range, [node.lhs as ExpressionNode, node.rhs as ExpressionNode]));
    case 'unary':
      if (node.value === '[' && node.expressions) return rewriteList(node, options.mayWait);
      return node;
    case 'condition':
      return rewriteDefault(withTruth(node), options);
    case 'apply':
      // The replacement of an operator is a call, to which JSONata would pass the value before `~>`.
      if (node.rhs && isOperator(node.rhs)) node.rhs = make.block([node.rhs]);
      return node;
    case 'transform':
      if (node.pattern?.procedure?.value === nativeNames.matched) return node;
      node.pattern = make.call(nativeNames.matched, [node.pattern as ExpressionNode]);
      return node;
    default:
      return node;
  }
}

const computing: ReadonlySet<unknown> = new Set(['+', '-', '*']);
const alike: ReadonlyMap<unknown, string> = new Map([
  ['=', nativeNames.equal],
  ['!=', nativeNames.unequal],
  ['in', nativeNames.included],
]);
const logical: ReadonlySet<unknown> = new Set(['and', 'or']);
const comparing: ReadonlySet<unknown> = new Set(['=', '!=', '<', '<=', '>', '>=', 'in', 'and', 'or']);

/** Replaces a comparison that can be of large values. One with a literal is not. */
function rewriteComparison(node: ExpressionNode): ExpressionNode {
  const left = node.lhs as ExpressionNode;
  const right = node.rhs as ExpressionNode;
  if (isLiteral(left) || isLiteral(right) || (node.value === 'in' && isListOfLiterals(right))) return node;
  return become(node, make.call(alike.get(node.value) as string, [left, right]));
}

function isLiteral({ type, predicate, group }: ExpressionNode): boolean {
  return (type === 'string' || type === 'number' || type === 'value') && !predicate && !group;
}

function isListOfLiterals({ type, value, expressions = [], predicate, group }: ExpressionNode): boolean {
  return type === 'unary' && value === '[' && !predicate && !group && expressions.every(isLiteral);
}

/** Wraps an operator in a function that refuses a rounded result. */
function checked(node: ExpressionNode): ExpressionNode {
  const { type, value, position, lhs, rhs, ...rest } = node;
  for (const key of Object.keys(rest)) delete node[key as keyof ExpressionNode];
  return Object.assign(make.call(nativeNames.exact, [Object.assign(node, { isChecked: true as const })]), rest);
}

function withTruth(node: ExpressionNode): ExpressionNode {
  if (node.condition) node.condition = truthOf(node.condition);
  return node;
}

function withTruthOfBoth(node: ExpressionNode): ExpressionNode {
  return Object.assign(node, { lhs: truthOf(node.lhs as ExpressionNode), rhs: truthOf(node.rhs as ExpressionNode) });
}

/** Wraps a condition that can be a BigInt. */
function truthOf(node: ExpressionNode): ExpressionNode {
  const isBoolean = node.type === 'binary' && comparing.has(node.value) && !node.predicate && !node.group;
  return isBoolean || node.procedure?.value === nativeNames.truth ? node : make.call(nativeNames.truth, [node]);
}

function isOperator({ type, steps }: ExpressionNode): boolean {
  return type === 'binary' || type === 'unary' || (type === 'path' && steps?.at(-1)?.consarray === true);
}

/** Turns a node into a call. Filters and the like stay on the node. */
function become(node: ExpressionNode, call: ExpressionNode): ExpressionNode {
  delete node.lhs;
  delete node.rhs;
  delete node.expressions;
  const { value } = node;
  // A list in a list is recognised by its value.
  return Object.assign(node, call, value === '[' ? { value } : {});
}

/** Returns the operands of `a & b & c`, which is `(a & b) & c`. */
function operandsOf(node: ExpressionNode): ExpressionNode[] {
  const left = node.lhs as ExpressionNode;
  const isSame = left.type === 'binary' && left.value === '&' && !left.predicate && !left.group;
  return [...(isSame ? operandsOf(left) : [left]), node.rhs as ExpressionNode];
}

/** Rewrites a list. Methods of services are called concurrently, unless an item binds a variable. */
function rewriteList(node: ExpressionNode, mayWait: boolean): ExpressionNode {
  const items = node.expressions ?? [];
  const mark = (isList: boolean | undefined) => (isList ? '[' : '.');
  const isList = ({ type, value }: ExpressionNode) => type === 'unary' && value === '[';
  const shape = [mark(node.consarray), ...items.map((item) => mark(isList(item)))].join('');
  if (!mayWait || items.length < 2 || items.some(bindsHere)) {
    return become(node, make.call(nativeNames.list, [make.text(shape), ...items]));
  }
  become(node, make.call(nativeNames.listAtOnce, [make.unevaluated(node), make.text(shape)]));
  return Object.assign(node, { expressions: items });
}

/**
 * Rewrites `a ?? b` and `a ?: b`. JSONata evaluates `a` twice, so its methods would be called twice, and loses regular
 * expressions in the copy that it makes.
 */
function rewriteDefault(node: ExpressionNode, { text, hoistedName }: OperatorOptions): ExpressionNode {
  const operator = defaultOperator(node, text);
  if (operator === undefined) return node;
  const name = hoistedName();
  // JSONata postpones a call at the end of a function.
  const left = node.then?.thunk && node.then.body ? node.then.body : (node.then as ExpressionNode);
  const { predicate, group } = node;
  const condition = operator === '??' ? make.call('exists', [make.variable(name)]) : make.variable(name);
  // biome-ignore lint/suspicious/noThenProperty: the parser calls it so
  Object.assign(node, { condition, then: make.variable(name) });
  delete node.position;
  delete node.predicate;
  delete node.group;
  const block = make.block([make.bind(name, left), node]);
  return Object.assign(block, predicate ? { predicate } : {}, group ? { group } : {});
}
