import { bindsHere } from './binds-here.ts';
import {
  assertNoEval,
  assertNoParent,
  assertNoTupleVariables,
  assertNotPartial,
  beginsAtMessage,
  beginsWithReference,
  type Scope,
} from './call-rules.ts';
import type { PartName } from './expression-context.ts';
import * as make from './expression-node.ts';
import {
  calledName,
  type ExpressionNode,
  type KeyAndValue,
  nodesOf,
  ownContext,
  sameContext,
} from './expression-node.ts';
import { isContextFree } from './is-context-free.ts';
import { withRowsKept } from './keep-row.ts';
import { nativeNames } from './native-names.ts';
import { withOrderedItems } from './ordered-path.ts';
import { hideKey } from './reserved-keys.ts';
import { rewriteOperator } from './rewrite-operator.ts';

/** The findings of the rewriting of an expression. */
export interface RewrittenExpression {
  readonly node: ExpressionNode;
  /** The names in every `reference('…')` and `parameter('…')`. */
  readonly references: ReadonlySet<string>;
  readonly parameters: ReadonlySet<string>;
  /** The literal messages of `$error('…')` and `$assert(…, '…')`. */
  readonly ownMessages: ReadonlySet<string>;
}

export interface RewriteOptions {
  readonly text: string;
  readonly parts: readonly PartName[];
}

const onItem: Scope = { onMessage: false, inArgument: false };

/**
 * Gives calls of methods the meaning that they have in littoral. JSONata evaluates the arguments of `a.b(c)` with `a`
 * as their context. Here their context is that of the whole call: on the message, `c` is a part of the message; in
 * `items.(a.b(c))`, it is a field of the item. In every argument, the names of the parts of the message refer to the
 * message.
 *
 * @param root the tree as the parser made it; most of it is changed in place
 * @throws SyntaxError when the expression calls or names what does not exist
 */
export function rewriteExpression(root: ExpressionNode, { text, parts }: RewriteOptions): RewrittenExpression {
  const references = new Set<string>();
  const parameters = new Set<string>();
  const ownMessages = new Set<string>();
  const rowsKept = new WeakSet<ExpressionNode>();
  let hoisted = 0;
  const mayWait = [...nodesOf(root)].some((node) => calledName(node) !== undefined);
  /** The bodies of thunks. JSONata ignores their groupings, and looks for a call in them. */
  const ofThunks = new WeakSet<ExpressionNode>();

  const all = (nodes: ExpressionNode[], scope: Scope) => nodes.map((node) => rewrite(node, scope));

  function rewrite(node: ExpressionNode, scope: Scope): ExpressionNode {
    if (node.group && !ofThunks.has(node)) return rewriteGrouping(node, node.group, scope);
    const operator = rewriteOperator(node, { text, mayWait, hoistedName });
    if (operator !== node) return rewrite(operator, scope);
    rewriteFilters(node);
    if (Array.isArray(node.lhs)) return rewriteObject(node, node.lhs, scope);
    switch (node.type) {
      case 'path':
        return rewriteRows(node, scope);
      case 'function':
      case 'partial':
        return rewriteCall(node, scope);
      case 'apply':
        return rewriteChain(node, scope);
      case 'variable':
        return withoutClone(assertNoEval(node));
      case 'parent':
        return assertNoParent(node, scope);
      case 'wildcard':
        return Object.assign(node, make.call(nativeNames.children));
      case 'descendant':
        return Object.assign(node, make.call(nativeNames.descendants));
      case 'name':
        node.value = hideKey(String(node.value));
        return node;
      default:
        // JSONata evaluates a call at the end of a function later, in a context that is not its own.
        if (node.thunk && node.body && calledName(node.body) !== undefined) return rewrite(node.body, scope);
        if (node.thunk && node.body) ofThunks.add(node.body);
        return rewriteChildren(node, scope);
    }
  }

  function rewriteChildren(node: ExpressionNode, scope: Scope): ExpressionNode {
    for (const child of sameContext) if (node[child]) node[child] = rewrite(node[child] as ExpressionNode, scope);
    for (const child of ownContext) if (node[child]) node[child] = rewrite(node[child], onItem);
    if (node.expressions) node.expressions = all(node.expressions, scope);
    if (node.arguments) node.arguments = all(node.arguments, scope);
    return node;
  }

  function rewriteFilters(node: ExpressionNode): void {
    for (const stage of [...(node.stages ?? []), ...(node.predicate ?? [])]) {
      if (stage.expr) stage.expr = rewrite(stage.expr, onItem);
      if (stage.type === 'index') withoutClone(stage);
    }
    if (node.focus === 'clone') node.focus = nativeNames.clone;
    if (node.index === 'clone') node.index = nativeNames.clone;
    for (const term of node.terms ?? []) term.expression = rewrite(term.expression, onItem);
    if (node.group) rewritePairs(node.group.lhs, onItem);
  }

  function rewritePairs(pairs: KeyAndValue[], scope: Scope): void {
    for (const pair of pairs) {
      pair[0] = rewrite(pair[0], scope);
      if (pair[0].type === 'string') pair[0].value = hideKey(String(pair[0].value));
      pair[1] = rewrite(pair[1], scope);
    }
  }

  /**
   * Replaces an object by a call that makes it. An object with literal keys whose values do not depend on each other is
   * left to JSONata, which is faster.
   */
  function rewriteObject(node: ExpressionNode, pairs: KeyAndValue[], scope: Scope): ExpressionNode {
    if (!mayWait && pairs.every(([key, value]) => key.type === 'string' && !bindsHere(value))) {
      rewritePairs(pairs, scope);
    } else {
      delete node.lhs;
      Object.assign(node, make.call(nativeNames.group, [make.unevaluated(node)]));
      setPairs(node, pairs, scope);
    }
    return node;
  }

  /** Replaces an expression with a grouping behind it by a call that groups its items. */
  function rewriteGrouping(node: ExpressionNode, { lhs: pairs }: { lhs: KeyAndValue[] }, scope: Scope): ExpressionNode {
    delete node.group;
    // A list of one item stays a list, and items that have variables keep them.
    node.keepArray = true;
    if (node.steps?.some(({ tuple }) => tuple)) node.tuple = true;
    const call = make.call(nativeNames.group);
    setPairs(call, pairs, onItem);
    call.arguments = [make.unevaluated(call), rewrite(node, scope)];
    return call;
  }

  function setPairs(call: ExpressionNode, pairs: KeyAndValue[], scope: Scope): void {
    call.isConcurrent = mayWait && !pairs.flat().some(bindsHere);
    rewritePairs(pairs, scope);
    call.pairs = pairs;
  }

  function rewriteRows(path: ExpressionNode, scope: Scope): ExpressionNode {
    if (rowsKept.has(path)) return rewritePath(path, scope);
    const atMessage = beginsAtMessage(path.steps ?? [], scope, parts);
    rowsKept.add(path);
    const whole = withRowsKept(path, { atMessage, hoistedName });
    const node = whole === path ? withOrderedItems(path, hoistedName) : whole;
    return node === path ? rewritePath(path, scope) : rewrite(node, scope);
  }

  function rewritePath(path: ExpressionNode, scope: Scope): ExpressionNode {
    const before: ExpressionNode[] = [];
    const left: ExpressionNode[] = [];
    for (const step of path.steps ?? []) {
      const method = left.length === 0 ? undefined : calledName(step);
      left.push(
        method === undefined
          ? rewrite(step, left.length === 0 ? scope : onItem)
          : rewriteMethodStep(step, method, { left, scope, before }),
      );
    }
    const [first] = left;
    if (beginsAtMessage(left, scope, parts)) left.unshift(make.variable(nativeNames.message));
    else if (beginsWithReference(first, scope) && left.length > 1) {
      const name = hoistedName();
      before.unshift(make.bind(name, first));
      left[0] = make.variable(name);
    }
    path.steps = left;
    return before.length === 0 ? path : make.block([...before, path]);
  }

  /** Rewrites a call behind a dot. An argument that depends on its context becomes a function made in that context. */
  function rewriteMethodStep(node: ExpressionNode, method: string, { left, scope, before }: Surroundings) {
    rewriteFilters(node);
    const args = all(node.arguments ?? [], { onMessage: scope.onMessage, inArgument: true });
    const free = args.map((arg) => {
      if (isContextFree(arg)) return arg;
      assertNoTupleVariables(left, method);
      const name = hoistedName();
      before.push(make.bind(name, make.lambda(arg)));
      return make.call(name);
    });
    return callOfMethod(node, method, free);
  }

  function hoistedName(): string {
    hoisted += 1;
    return ` hoisted ${hoisted}`;
  }

  function callOfMethod(node: ExpressionNode, method: string, args: ExpressionNode[]): ExpressionNode {
    assertNotPartial(node, method);
    node.procedure = make.variable(nativeNames.call);
    node.arguments = [make.text(method), ...args];
    return node;
  }

  /** Rewrites a call that does not stand behind a dot. */
  function rewriteCall(node: ExpressionNode, scope: Scope): ExpressionNode {
    const name = calledName(node);
    if (name === undefined) {
      noteOwnMessages(node);
      return rewriteChildren(node, scope);
    }
    const [first] = node.arguments ?? [];
    const args = all(node.arguments ?? [], { onMessage: scope.onMessage, inArgument: true });
    if (name !== 'reference' && name !== 'parameter') {
      // On an item, the call is a method of that item.
      if (!scope.onMessage) return callOfMethod(node, name, args);
      throw new SyntaxError(`${name}(…) is no function; JSONata's own begin with $, as in $${name}(…)`);
    }
    assertNotPartial(node, name);
    if (args.length !== 1) throw new SyntaxError(`${name}(…) takes one argument: a name`);
    if (first?.type === 'string') (name === 'reference' ? references : parameters).add(String(first.value));
    node.procedure = make.variable(nativeNames[name]);
    node.arguments = args;
    return node;
  }

  /** Rewrites `a ~> b.c(d)` to `b.c(a, d)`, as `a ~> $c(d)` is `$c(a, d)`. */
  function rewriteChain(node: ExpressionNode, scope: Scope): ExpressionNode {
    const last = node.rhs?.type === 'path' ? node.rhs.steps?.at(-1) : undefined;
    if (!node.rhs || !last || calledName(last) === undefined) return rewriteChildren(node, scope);
    const name = hoistedName();
    last.arguments = [make.variable(name), ...(last.arguments ?? [])];
    const value = rewrite(node.lhs as ExpressionNode, scope);
    return make.block([make.bind(name, value), rewrite(node.rhs, scope)]);
  }

  function noteOwnMessages({ procedure, arguments: args = [] }: ExpressionNode): void {
    if (procedure?.value !== 'error' && procedure?.value !== 'assert') return;
    for (const { type, value } of args) if (type === 'string') ownMessages.add(String(value));
  }

  const node = rewrite(root, { onMessage: true, inArgument: false });
  return { node, references, parameters, ownMessages };
}

interface Surroundings {
  readonly left: readonly ExpressionNode[];
  /** The scope of the path as a whole. */
  readonly scope: Scope;
  /** The bindings to put before the path. */
  readonly before: ExpressionNode[];
}

/**
 * Renames `clone`, the variable that a transform looks up. With another value in it, a transform would change its
 * input.
 */
function withoutClone<Node extends { value?: unknown }>(variable: Node): Node {
  if (variable.value === 'clone') variable.value = nativeNames.clone;
  return variable;
}
