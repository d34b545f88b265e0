import { createRequire } from 'node:module';
import type jsonata from 'jsonata';
import { type Signature, takingBigInts } from './bigint-signature.ts';
import type { ExpressionNode } from './expression-node.ts';

// The only place that uses unpublished parts of JSONata 2: its frames of variables, its functions, its sequences.

/** The variables of one block, function call or evaluation. */
export interface Frame extends jsonata.Environment {
  /** The frame of the whole evaluation. */
  readonly base: Frame;
  /** The number of nested steps. */
  readonly depth: number;
  /** Called before every step. */
  guardrails(): void;
  /** Makes the lists of an evaluation. JSONata's own takes several times as long to fill. */
  createSequence: CreateSequence;
}

/** Creates a list of JSONata, which as a result is its only item, or undefined if it is empty. */
export type CreateSequence = (...items: readonly [] | readonly [item: unknown]) => Sequence;

/** The `this` of a function that an expression calls. */
export interface Call {
  readonly environment: Frame;
  readonly input: unknown;
  createSequence(): Sequence;
}

/** A list that JSONata makes. As a result, a sequence of one item is that item, and an empty one is undefined. */
export type Sequence = unknown[] & { sequence?: boolean; keepSingleton?: boolean; tupleStream?: boolean };

export type Implementation = (this: Call, ...args: never[]) => unknown;

/** A function of JSONata, or one that replaces it. */
export interface Definition {
  readonly _jsonata_function: true;
  readonly implementation: Implementation;
  readonly signature?: Signature;
}

/** Returns whether an object is a function of JSONata: a lambda, or a definition. No data has these keys. */
export function isJsonataFunction(value: object): boolean {
  return '_jsonata_lambda' in value || '_jsonata_function' in value;
}

/** A variable with this name is a function that JSONata awaits before every step. */
export const beforeStep: unique symbol = Symbol.for('jsonata.__evaluate_entry') as never;

/** A variable with this name is a function that JSONata calls with the result of every step. */
const afterStep = Symbol.for('jsonata.__evaluate_exit');

/** A variable with this name is a function that JSONata calls with every frame that it makes, and the frame around it. */
const madeFrame = Symbol.for('jsonata.__createFrame_push');

const require = createRequire(import.meta.url);

/** Parses an expression. JSONata is loaded for the first one, because many gateways have no expressions. */
export function parseJsonata(text: string, options?: jsonata.JsonataOptions): jsonata.Expression {
  const parse: typeof jsonata = require('jsonata');
  return parse(text, options);
}

let standard: jsonata.Environment | undefined;

/** Returns the frame that holds JSONata's own functions. No evaluation changes it. */
function standardFrame(): jsonata.Environment {
  const expression = parseJsonata('null');
  let frame: jsonata.Environment | undefined;
  const capture = (_node: unknown, _input: unknown, environment: jsonata.Environment) => {
    frame = environment;
  };
  // The first step is taken before anything is awaited.
  assign(expression, beforeStep, capture);
  void expression.evaluate(null);
  if (frame === undefined) throw new Error('this version of jsonata is not supported');
  return frame;
}

/** One of JSONata's lambdas. */
interface Lambda {
  body: ExpressionNode;
  input: unknown;
  environment: Frame;
  apply(self: undefined, args: readonly []): Promise<unknown>;
}

let evaluator: Lambda | undefined;

/** Returns a lambda of JSONata. */
function lambda(): Lambda {
  const expression = parseJsonata('function(){ null }');
  let made: Lambda | undefined;
  const capture = (...[, , , result]: readonly [unknown, unknown, unknown, Lambda]) => {
    made = result;
  };
  assign(expression, afterStep, capture);
  void expression.evaluate(null);
  if (typeof made?.apply !== 'function') throw new Error('this version of jsonata is not supported');
  return made;
}

/** Evaluates a node on an input, with the variables of a frame. */
export function evaluateNode(node: ExpressionNode, input: unknown, environment: Frame): Promise<unknown> {
  evaluator ??= lambda();
  // JSONata reads these before it awaits anything.
  evaluator.body = node;
  evaluator.input = input;
  evaluator.environment = environment;
  return evaluator.apply(undefined, []);
}

/**
 * Returns a frame to evaluate nodes in. What they bind is bound in the given frame, although JSONata makes a frame for
 * each evaluation.
 */
export function sharedFrame(frame: Frame): Frame {
  const shareBindings = (around: Frame, made: Frame) => {
    if (around === shared) made.bind = frame.bind;
  };
  const lookup = (name: string | symbol) => (name === madeFrame ? shareBindings : frame.lookup(name as string));
  const shared: Frame = { ...frame, lookup };
  return shared;
}

/** Returns a frame with more variables than the one around it. */
export function frameWith(frame: Frame, variables: Readonly<Record<string, unknown>>): Frame {
  const lookup = (name: string) => (Object.hasOwn(variables, name) ? variables[name] : frame.lookup(name));
  return { ...frame, lookup };
}

/** Binds a variable for all evaluations of an expression. */
export function assign(expression: jsonata.Expression, name: string | symbol, value: unknown): void {
  expression.assign(name as string, value);
}

/** Returns one of JSONata's own functions, changed to accept BigInts as numbers; undefined if there is none. */
export function standardFunction(name: string): Definition | undefined {
  standard ??= standardFrame();
  const definition: Definition | undefined = standard.lookup(name);
  return definition?.signature ? { ...definition, signature: takingBigInts(definition.signature) } : definition;
}

/** @param like the function of JSONata that it replaces, and whose arguments it takes */
export function define(implementation: Implementation, like?: string): Definition {
  if (like === undefined) return { _jsonata_function: true, implementation };
  const standard = standardFunction(like);
  if (standard === undefined) throw new Error(`jsonata has no function $${like}`);
  // JSONata calls a function that was passed to another with as many arguments as it takes.
  Object.defineProperty(implementation, 'length', { value: standard.implementation.length });
  return { ...standard, implementation };
}

/** A function that an expression passes to another: JavaScript's, one of JSONata's lambdas, or a definition. */
export type Callback = Definition | { apply(self: unknown, args: readonly unknown[]): unknown };

/** Calls a function that was passed to another. */
export function callBack(call: Call, callback: Callback, args: readonly unknown[]): unknown {
  const callable = 'implementation' in callback ? callback.implementation : callback;
  return (callable as Exclude<Callback, Definition>).apply(call, args);
}

/** Returns the number of arguments that a function takes. */
export function arityOf(callback: Callback): number {
  if (typeof callback === 'function') {
    const { arity, length } = callback as { readonly arity?: number; readonly length: number };
    return arity ?? length;
  }
  if ('implementation' in callback) return callback.implementation.length;
  return (callback as unknown as { readonly arguments: readonly unknown[] }).arguments.length;
}
