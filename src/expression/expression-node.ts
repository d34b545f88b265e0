import type jsonata from 'jsonata';

/** A node of the tree that JSONata evaluates, after its parser's last stage. The published type lacks half of it. */
export interface ExpressionNode {
  type: string;
  /** The operator, name, literal or variable. */
  value?: unknown;
  position?: number;
  /** Whether the result of an operator is checked already: ours, as the next. */
  isChecked?: true;
  /** Of a path. */
  steps?: ExpressionNode[];
  /** Filters on a step of a path. */
  stages?: Stage[];
  /** Filters on anything else. */
  predicate?: Stage[];
  /** `{…}` behind an expression. */
  group?: { lhs: KeyAndValue[] };
  /** `[]` in a path: one item stays an array. */
  keepSingletonArray?: boolean;
  /** `[]` elsewhere. */
  keepArray?: boolean;
  /** Of a list at the end of a path: it is one item, whatever is in it. */
  consarray?: boolean;
  /** The variables of `@$…` and `#$…`. */
  focus?: string;
  index?: string;
  /** Of an operator; of an object constructor, its pairs. */
  lhs?: ExpressionNode | KeyAndValue[];
  rhs?: ExpressionNode;
  /** Of a minus sign. */
  expression?: ExpressionNode;
  /** Of a block or an array constructor. */
  expressions?: ExpressionNode[];
  procedure?: ExpressionNode;
  arguments?: ExpressionNode[];
  /** Of a lambda. A thunk is one that JSONata puts around a call that ends a function. */
  body?: ExpressionNode;
  thunk?: boolean;
  condition?: ExpressionNode;
  then?: ExpressionNode;
  else?: ExpressionNode;
  pattern?: ExpressionNode;
  update?: ExpressionNode;
  delete?: ExpressionNode;
  /** Of an order-by. */
  terms?: { expression: ExpressionNode }[];
}

export type KeyAndValue = [ExpressionNode, ExpressionNode];

export interface Stage {
  type: string;
  /** Behind the bracket that opens it. */
  position?: number;
  /** The variable that it binds, where it binds one. */
  value?: unknown;
  expr?: ExpressionNode;
}

/** The children that have the same context as their parent. */
export const sameContext = [
  'lhs',
  'rhs',
  'expression',
  'body',
  'condition',
  'then',
  'else',
  'procedure',
] as const satisfies (keyof ExpressionNode)[];

/** The children of a transform, whose context is what it transforms. */
export const ownContext = ['pattern', 'update', 'delete'] as const satisfies (keyof ExpressionNode)[];

/** The tree of an expression: not a copy, but the one that is evaluated. */
export function treeOf(expression: jsonata.Expression): ExpressionNode {
  return expression.ast() as ExpressionNode;
}

export function variable(name: string): ExpressionNode {
  return { type: 'variable', value: name };
}

export function text(value: string): ExpressionNode {
  return { type: 'string', value };
}

export function call(functionName: string, args: ExpressionNode[] = []): ExpressionNode {
  return { type: 'function', value: '(', procedure: variable(functionName), arguments: args };
}

/** A function without arguments. Its body is evaluated in the context that it was made in. */
export function lambda(body: ExpressionNode): ExpressionNode {
  return { type: 'lambda', arguments: [], body };
}

export function bind(name: string, value: ExpressionNode): ExpressionNode {
  return { type: 'bind', value: ':=', lhs: variable(name), rhs: value };
}

export function block(expressions: ExpressionNode[]): ExpressionNode {
  return { type: 'block', expressions };
}

/** The name of the method or function that a call node calls; undefined where it is no plain name. */
export function calledName(node: ExpressionNode): string | undefined {
  if (node.type !== 'function' && node.type !== 'partial') return undefined;
  const { steps = [], group } = node.procedure ?? {};
  const [name] = steps;
  if (steps.length !== 1 || name?.type !== 'name' || name.stages || group) return undefined;
  return String(name.value);
}

/**
 * The parts of a node that are evaluated in the frame of that node: not what stands in a block or a function, which have
 * variables of their own.
 */
export function childrenOf(node: ExpressionNode): ExpressionNode[] {
  const filters = [...(node.stages ?? []), ...(node.predicate ?? [])].flatMap(({ expr }) => expr ?? []);
  const around = [...filters, ...(node.group?.lhs.flat() ?? [])];
  if (node.type === 'block' || node.type === 'lambda') return around;
  const pairs = Array.isArray(node.lhs) ? node.lhs.flat() : [];
  const named = [...sameContext, ...ownContext].flatMap((name) => {
    const child = node[name];
    return child && !Array.isArray(child) ? child : [];
  });
  const lists = [...(node.steps ?? []), ...(node.expressions ?? []), ...(node.arguments ?? [])];
  return [...around, ...pairs, ...named, ...lists, ...(node.terms ?? []).map(({ expression }) => expression)];
}

/** The operator that a condition was written with, where it is no question with two answers. */
export function defaultOperator({ type, position = 0 }: ExpressionNode, text: string): '??' | '?:' | undefined {
  const operator = text.slice(position - 2, position);
  return type === 'condition' && (operator === '??' || operator === '?:') ? operator : undefined;
}

/** All nodes of a tree. */
export function* nodesOf(node: ExpressionNode): Generator<ExpressionNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
  if (node.type === 'lambda')
    for (const child of [...(node.arguments ?? []), ...(node.body ? [node.body] : [])]) yield* nodesOf(child);
  if (node.type === 'block') for (const child of node.expressions ?? []) yield* nodesOf(child);
}
