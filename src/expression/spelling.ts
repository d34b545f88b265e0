import { isExactNumber } from '../schema/large-integers.ts';
import { type ExpressionNode, nodesOf } from './expression-node.ts';
import { standardFunction } from './jsonata-internals.ts';

// Finds spellings at start that parse, but cannot have the meaning that their author intended, and names the right one.

/** @throws SyntaxError with a position, for the first mistake */
export function assertSpelling(root: ExpressionNode, text: string): void {
  const nodes = [...nodesOf(root)];
  const bound = new Set(nodes.flatMap(variablesOf));
  const called = new Set(nodes.map(({ procedure }) => procedure));
  for (const node of nodes) {
    assertNoFieldInBrackets(node, text);
    assertNoTextInArithmetic(node);
    assertExactNumber(node, text);
    if (!called.has(node)) assertKnownVariable(node, bound);
  }
}

const plainName = /^[A-Za-z_]\w*$/;

/**
 * Refuses `payload['x']` of Symfony and PHP. In JSONata brackets filter, and a text is true: the result is all of
 * `payload`.
 */
function assertNoFieldInBrackets(node: ExpressionNode, text: string): void {
  for (const { expr, position } of [...(node.stages ?? []), ...(node.predicate ?? [])]) {
    if (expr?.type !== 'string') continue;
    const access = accessAround(text, (position ?? 1) - 1) ?? `…['${String(expr.value)}']`;
    const written = access.replace(inBrackets, (_, single?: string, double?: string) =>
      fieldStep(single ?? double ?? ''),
    );
    throw mistake(
      `[…] filters, and a text in it keeps everything; for the field, write ${written} in place of ${access}`,
      position,
    );
  }
}

const inBrackets = /\[\s*(?:'([^']*)'|"([^"]*)")\s*\]/g;
const wholeAccess =
  /(?:[$\w]+|`[^`]*`)(?:\(\s*(?:'[^']*'|"[^"]*")\s*\)|\.(?:\w+|`[^`]*`)|\[\s*(?:'[^']*'|"[^"]*"|-?\d+)\s*\])+/g;

/** Returns the fields, calls and brackets around a bracket. */
function accessAround(text: string, bracket: number): string | undefined {
  for (const { 0: access, index } of text.matchAll(wholeAccess)) {
    if (index < bracket && bracket < index + access.length) return access;
  }
  return undefined;
}

function fieldStep(name: string): string {
  return plainName.test(name) ? `.${name}` : `.\`${name}\``;
}

const arithmetic: ReadonlySet<unknown> = new Set(['+', '-', '*', '/', '%']);

function assertNoTextInArithmetic({ type, value, lhs, rhs, position }: ExpressionNode): void {
  if (type !== 'binary' || !arithmetic.has(value)) return;
  const text = [lhs as ExpressionNode, rhs].find((side) => side?.type === 'string');
  if (text === undefined) return;
  const remedy = value === '+' ? '; texts are joined with &' : '';
  throw mistake(`${String(value)} takes numbers, and '${String(text.value)}' is a text${remedy}`, position);
}

/** Refuses a number that JSONata has rounded, because it would compare and compute with the rounded one. */
function assertExactNumber({ type, value, position }: ExpressionNode, text: string): void {
  if (type !== 'number' || typeof value !== 'number') return;
  const isWrittenInDigits = /(?:^|[^\d.eE])\d+$/.test(text.slice(0, position));
  if (isExactNumber(value) && (Number.isSafeInteger(value) || !Number.isInteger(value) || !isWrittenInDigits)) return;
  throw mistake('a number in an expression goes up to 2^53; write a text, and compare it with $string(…)', position);
}

function assertKnownVariable({ type, value, position }: ExpressionNode, bound: ReadonlySet<string>): void {
  if (type !== 'variable' || typeof value !== 'string' || value === '' || value === '$') return;
  if (bound.has(value) || standardFunction(value) !== undefined || value === 'eval') return;
  const hint = isPart(value) ? `; the part of the message is ${value}, without $` : '';
  throw mistake(`unknown variable $${value}: nothing binds it${hint}`, position);
}

function isPart(name: string): boolean {
  return ['payload', 'headers', 'value', 'service', 'reference', 'parameter'].includes(name);
}

/** Returns the variables that a node binds. */
function variablesOf({ type, lhs, arguments: parameters, focus, index, stages }: ExpressionNode): string[] {
  const names: unknown[] = [focus, index];
  if (type === 'bind') names.push((lhs as ExpressionNode).value);
  if (type === 'lambda') names.push(...(parameters ?? []).map(({ value }) => value));
  for (const stage of stages ?? []) if (stage.type === 'index') names.push(stage.value);
  return names.filter((name) => typeof name === 'string');
}

function mistake(message: string, position: number | undefined): SyntaxError {
  return Object.assign(new SyntaxError(message), position === undefined ? {} : { position });
}
