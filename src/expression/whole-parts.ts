import { isPartName } from './expression-context.ts';
import { ExpressionError } from './expression-error.ts';
import * as make from './expression-node.ts';
import { defaultOperator, type ExpressionNode, type KeyAndValue, type Stage } from './expression-node.ts';
import { nativeNames } from './native-names.ts';
import { hideKey } from './reserved-keys.ts';

// JSONata turns a missing part into an empty text, and leaves it out of a list or an object. All messages that lack a
// part of a composed key would then have the same key.

/**
 * The use of a value: as the whole result, which may be nothing; as a part of the result, which may not; or as a test
 * of whether it exists or is true.
 */
type Use = 'result' | 'part' | 'test';

/** The place where names are looked up: on the message, or on an item. */
interface Place {
  readonly use: Use;
  readonly onItem: boolean;
}

/**
 * Adds a check of every part of a composed result: a part that is missing, null or empty becomes an error.
 *
 * @param root the tree as the parser made it, changed in place
 * @param text the expression
 */
export function withWholeParts(root: ExpressionNode, text: string): ExpressionNode {
  let defaults = 0;
  const to = (use: Use, { onItem }: Place): Place => ({ use, onItem });

  function visit(node: ExpressionNode, place: Place): ExpressionNode {
    visitFilters(node, place);
    switch (node.type) {
      case 'path':
        node.steps = (node.steps ?? []).map((step, index) => visitStep(step, index, place, node));
        return checked(node, place);
      case 'block':
        return visitBlock(node, place);
      case 'condition':
        return visitCondition(node, place);
      case 'bind':
        node.rhs = visit(node.rhs as ExpressionNode, to('result', place));
        return checked(node, place);
      case 'lambda':
        return visitLambda(node, place);
      case 'function':
      case 'partial':
        visitArguments(node, place);
        return checked(node, place);
      case 'apply':
        node.lhs = visit(node.lhs as ExpressionNode, to(useOf(node.rhs), place));
        node.rhs = visit(node.rhs as ExpressionNode, to('result', place));
        return checked(node, place);
      case 'binary':
        return visitBinary(node, place);
      case 'unary':
        if (Array.isArray(node.lhs)) visitPairs(node.lhs, place);
        node.expressions = node.expressions?.map((item) => visit(item, to(partOf(place), place)));
        if (node.expression) node.expression = visit(node.expression, to(partOf(place), place));
        return node;
      case 'variable':
      case 'wildcard':
      case 'descendant':
      case 'parent':
        return checked(node, place);
      default:
        return node;
    }
  }

  function visitFilters(node: ExpressionNode, place: Place): void {
    const test: Place = { use: 'test', onItem: true };
    const stages: Stage[] = [...(node.stages ?? []), ...(node.predicate ?? [])];
    for (const stage of stages) if (stage.expr) stage.expr = visit(stage.expr, test);
    for (const term of node.terms ?? []) term.expression = visit(term.expression, test);
    if (node.group) visitPairs(node.group.lhs, { ...place, onItem: true });
  }

  function visitPairs(pairs: KeyAndValue[], place: Place): void {
    for (const pair of pairs)
      for (const side of [0, 1] as const) pair[side] = visit(pair[side], to(partOf(place), place));
  }

  function visitStep(step: ExpressionNode, index: number, place: Place, path: ExpressionNode): ExpressionNode {
    const { type } = step;
    if (type === 'block' || type === 'condition' || type === 'unary') {
      return visit(step, { use: place.use, onItem: place.onItem || index > 0 });
    }
    visitFilters(step, place);
    if (type === 'function') visitArguments(step, { use: place.use, onItem: place.onItem || index > 0 });
    const isOfMessage = index === 0 && (!place.onItem || isPartName(step.value));
    if (type !== 'name' || place.use !== 'part' || isOfMessage) return step;
    const field = make.call(nativeNames.field, [make.text(hideKey(String(step.value))), make.text(nameOf(path))]);
    return Object.assign(step, field);
  }

  function visitBlock(node: ExpressionNode, place: Place): ExpressionNode {
    const last = (node.expressions?.length ?? 0) - 1;
    node.expressions = node.expressions?.map((one, index) => visit(one, index === last ? place : to('result', place)));
    return node.predicate || node.group ? checked(node, place) : node;
  }

  /** Visits a condition. Each branch is checked for itself. A literal default is accepted, also an empty text. */
  function visitCondition(node: ExpressionNode, place: Place): ExpressionNode {
    const operator = defaultOperator(node, text);
    if (operator && place.use === 'part') return visitDefault(node, operator, place);
    node.condition = visit(node.condition as ExpressionNode, to('test', place));
    const chosen = visit(node.then as ExpressionNode, to(operator ? 'test' : place.use, place));
    // biome-ignore lint/suspicious/noThenProperty: the parser calls it so
    Object.assign(node, { then: chosen });
    if (!node.else) return checked(node, place);
    node.else = visit(node.else, place);
    return node;
  }

  /** Visits a default operator. The value before it may be nothing. If it is used, it can still be null. */
  function visitDefault(node: ExpressionNode, operator: '??' | '?:', place: Place): ExpressionNode {
    const left = node.then?.thunk && node.then.body ? node.then.body : (node.then as ExpressionNode);
    const name = nameOf(left);
    defaults += 1;
    const variable = make.variable(` part ${defaults}`);
    const chosen = make.call(nativeNames.part, [variable, make.text(name)]);
    const other = visit(node.else as ExpressionNode, place);
    const choice: ExpressionNode = { type: 'condition' };
    const condition = operator === '??' ? make.call('exists', [variable]) : variable;
    // biome-ignore lint/suspicious/noThenProperty: the parser calls it so
    Object.assign(choice, { condition, then: chosen, else: other });
    return make.block([make.bind(String(variable.value), visit(left, to('test', place))), choice]);
  }

  function visitLambda(node: ExpressionNode, place: Place): ExpressionNode {
    const { body } = node;
    if (!body) return node;
    if (!node.thunk) {
      node.body = visit(body, { ...place, onItem: false });
      return node;
    }
    node.body = visit(body, to('result', place));
    return place.use === 'part' ? checked(node.body, place) : node;
  }

  function visitArguments(node: ExpressionNode, place: Place): void {
    const use = useOf(node);
    const callback = callbackUse(node);
    node.arguments = node.arguments?.map((arg) => {
      if (arg.type === 'operator') return arg;
      return visit(arg, to(arg.type === 'lambda' ? callback : place.use === 'test' ? 'test' : use, place));
    });
    if (node.procedure?.type !== 'path' && node.procedure?.type !== 'variable' && node.procedure) {
      node.procedure = visit(node.procedure, to('result', place));
    }
  }

  function visitBinary(node: ExpressionNode, place: Place): ExpressionNode {
    const use = comparing.has(node.value) || place.use === 'test' ? 'test' : 'part';
    node.lhs = visit(node.lhs as ExpressionNode, to(use, place));
    node.rhs = visit(node.rhs as ExpressionNode, to(use, place));
    if (node.value !== '&' || use === 'test') return node;
    node.lhs = asText(node.lhs);
    node.rhs = asText(node.rhs);
    return node;
  }

  return visit(root, { use: 'result', onItem: false });
}

const comparing: ReadonlySet<unknown> = new Set(['=', '!=', '<', '<=', '>', '>=', 'in', 'and', 'or']);
const asking: ReadonlySet<unknown> = new Set(['exists', 'boolean', 'not', 'type', 'assert']);
const choosing: ReadonlySet<unknown> = new Set(['filter', 'sift', 'single', 'sort']);
const mapping: ReadonlySet<unknown> = new Set(['map', 'each']);

/** Returns the use of a function's arguments. */
function useOf(node: ExpressionNode | undefined): Use {
  return asking.has(node?.type === 'variable' ? node.value : node?.procedure?.value) ? 'test' : 'part';
}

/** Returns the use of the results of a callback. */
function callbackUse({ procedure }: ExpressionNode): Use {
  if (choosing.has(procedure?.value)) return 'test';
  return mapping.has(procedure?.value) ? 'part' : 'result';
}

function partOf({ use }: Place): Use {
  return use === 'test' ? 'test' : 'part';
}

function checked(node: ExpressionNode, { use }: Place): ExpressionNode {
  return use === 'part' ? make.call(nativeNames.part, [node, make.text(nameOf(node))]) : node;
}

/** Marks a part that becomes text. */
function asText(node: ExpressionNode): ExpressionNode {
  if (node.procedure?.value === nativeNames.part) node.arguments?.push({ type: 'value', value: true });
  return node;
}

/** Returns the name by which an author knows a node. */
function nameOf(node: ExpressionNode): string {
  const { type, value, steps, procedure, rhs } = node;
  if (type === 'path') return (steps ?? []).map(nameOf).join('.');
  if (type === 'name') return String(value);
  if (type === 'variable') return `$${String(value)}`;
  if (procedure?.value === nativeNames.field || procedure?.value === nativeNames.part) {
    const name = node.arguments?.[procedure.value === nativeNames.field ? 0 : 1];
    return String(name?.value);
  }
  if (type === 'function') return `${nameOf(procedure as ExpressionNode)}(…)`;
  if (type === 'bind' && rhs) return nameOf(rhs);
  return type === 'wildcard' ? '*' : '(…)';
}

/**
 * Checks a part of a composed result, and returns it.
 *
 * @param name the name by which its author knows it
 * @param becomesText whether it becomes a piece of a text
 * @throws ExpressionError if the part is missing, null or empty
 */
export function wholePart(value: unknown, name: string, becomesText: boolean): unknown {
  const lack = lackOf(value, becomesText);
  if (lack === undefined) return value;
  throw new ExpressionError(
    `${name} gives ${lack}, and a key that lacks a part would be the same for other messages. Give it a default with ??, or return null for the whole key to handle the message without deduplication`,
  );
}

function lackOf(value: unknown, becomesText: boolean): string | undefined {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return 'a number that is not exact';
  }
  if (!becomesText || typeof value !== 'object') return undefined;
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** Returns a field of an item, or of each item of a list. @throws ExpressionError if the field is missing */
export function wholeField(input: unknown, field: string, name: string): unknown {
  if (Array.isArray(input)) return input.flatMap((item) => wholeField(item, field, name));
  const isThere = typeof input === 'object' && input !== null && Object.hasOwn(input, field);
  return wholePart(isThere ? (input as Record<string, unknown>)[field] : undefined, name, false);
}
