import type jsonata from 'jsonata';

/** A node of the tree that JSONata evaluates, after its parser's last stage. The published type lacks half of it. */
export interface ExpressionNode {
  type: string;
  /** The operator, name, literal or variable. */
  value?: unknown;
  position?: number;
  /** True if the result of an operator is checked already. Set by littoral, as are the next two fields. */
  isChecked?: true;
  /** The pairs of a grouping or an object that littoral makes. */
  pairs?: KeyAndValue[];
  /** True if its items, or the values of its pairs, can wait for services at the same time. */
  isConcurrent?: boolean;
  /** The steps of a path. */
  steps?: ExpressionNode[];
  /** Filters on a step of a path. */
  stages?: Stage[];
  /** Filters on anything else. */
  predicate?: Stage[];
  /** True for a step behind `@`, `#` or `%`, whose items have variables; true for a path that keeps them. */
  tuple?: boolean;
  /** `{…}` behind an expression. */
  group?: { lhs: KeyAndValue[] };
  /** `[]` in a path: one item stays an array. */
  keepSingletonArray?: boolean;
  /** `[]` elsewhere. */
  keepArray?: boolean;
  /** True for a list at the end of a path that counts as one item, whatever it contains. */
  consarray?: boolean;
  /** The variables of `@$…` and `#$…`. */
  focus?: string;
  index?: string;
  /** The variable that `%` of a later step refers to. */
  ancestor?: unknown;
  /** The left side of an operator; the pairs of an object constructor. */
  lhs?: ExpressionNode | KeyAndValue[];
  rhs?: ExpressionNode;
  /** The operand of a minus sign. */
  expression?: ExpressionNode;
  /** The expressions of a block or an array constructor. */
  expressions?: ExpressionNode[];
  procedure?: ExpressionNode;
  arguments?: ExpressionNode[];
  /** The body of a lambda. A thunk is a lambda that JSONata puts around a call that ends a function. */
  body?: ExpressionNode;
  thunk?: boolean;
  condition?: ExpressionNode;
  then?: ExpressionNode;
  else?: ExpressionNode;
  pattern?: ExpressionNode;
  update?: ExpressionNode;
  delete?: ExpressionNode;
  /** The terms of an order-by. */
  terms?: { expression: ExpressionNode; descending?: boolean }[];
}

export type KeyAndValue = [ExpressionNode, ExpressionNode];

export interface Stage {
  type: string;
  /** The position behind the opening bracket. */
  position?: number;
  /** The variable that it binds, if any. */
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

/** The children of a transform. Their context is the value that it transforms. */
export const ownContext = ['pattern', 'update', 'delete'] as const satisfies (keyof ExpressionNode)[];

/** Returns the tree of an expression: the one that is evaluated, not a copy. */
export function treeOf(expression: jsonata.Expression): ExpressionNode {
  return expression.ast() as ExpressionNode;
}

export function variable(name: string): ExpressionNode {
  return { type: 'variable', value: name };
}

/** Makes a node that passes another one to a function, unevaluated. */
export function unevaluated(node: ExpressionNode): ExpressionNode {
  return { type: 'value', value: node };
}

export function text(value: string): ExpressionNode {
  return { type: 'string', value };
}

export function call(functionName: string, args: ExpressionNode[] = []): ExpressionNode {
  return { type: 'function', value: '(', procedure: variable(functionName), arguments: args };
}

/** Makes a function without arguments. Its body is evaluated in the context in which the function is made. */
export function lambda(body: ExpressionNode): ExpressionNode {
  return { type: 'lambda', arguments: [], body };
}

export function bind(name: string, value: ExpressionNode): ExpressionNode {
  return { type: 'bind', value: ':=', lhs: variable(name), rhs: value };
}

export function block(expressions: ExpressionNode[]): ExpressionNode {
  return { type: 'block', expressions };
}

/** Returns the name of the method or function that a call node calls; undefined if it is no plain name. */
export function calledName(node: ExpressionNode): string | undefined {
  if (node.type !== 'function' && node.type !== 'partial') return undefined;
  const { steps = [], group } = node.procedure ?? {};
  const [name] = steps;
  if (steps.length !== 1 || name?.type !== 'name' || name.stages || group) return undefined;
  return String(name.value);
}

/**
 * Returns the parts of a node that are evaluated in the frame of that node. Blocks and functions are left out, because
 * they have variables of their own.
 */
export function childrenOf(node: ExpressionNode): ExpressionNode[] {
  const filters = [...(node.stages ?? []), ...(node.predicate ?? [])].flatMap(({ expr }) => expr ?? []);
  const around = [...filters, ...(node.group?.lhs.flat() ?? []), ...(node.pairs?.flat() ?? [])];
  if (node.type === 'block' || node.type === 'lambda') return around;
  const pairs = Array.isArray(node.lhs) ? node.lhs.flat() : [];
  const named = [...sameContext, ...ownContext].flatMap((name) => {
    const child = node[name];
    return child && !Array.isArray(child) ? child : [];
  });
  const lists = [...(node.steps ?? []), ...(node.expressions ?? []), ...(node.arguments ?? [])];
  return [...around, ...pairs, ...named, ...lists, ...(node.terms ?? []).map(({ expression }) => expression)];
}

/** Returns the operator `??` or `?:` that a condition was written with; undefined for `a ? b : c`. */
export function defaultOperator({ type, position = 0 }: ExpressionNode, text: string): '??' | '?:' | undefined {
  const operator = text.slice(position - 2, position);
  return type === 'condition' && (operator === '??' || operator === '?:') ? operator : undefined;
}

/** Visits all nodes of a tree. */
export function* nodesOf(node: ExpressionNode): Generator<ExpressionNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
  if (node.type === 'lambda')
    for (const child of [...(node.arguments ?? []), ...(node.body ? [node.body] : [])]) yield* nodesOf(child);
  if (node.type === 'block') for (const child of node.expressions ?? []) yield* nodesOf(child);
}
