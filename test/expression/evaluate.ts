import { compileExpression, type ExpressionOptions } from '../../src/expression/compile-expression.ts';
import type { ExpressionContext } from '../../src/expression/expression-context.ts';

/** What an expression is evaluated on: the parts of the message, services and configuration variables by their names. */
export interface Surroundings {
  readonly payload?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly value?: unknown;
  readonly service?: unknown;
  readonly references?: Readonly<Record<string, unknown>>;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export function contextOf({ references = {}, parameters = {}, ...parts }: Surroundings): ExpressionContext {
  return {
    payload: undefined,
    headers: {},
    ...parts,
    reference(name) {
      if (!Object.hasOwn(references, name)) throw new Error(`no service '${name}'`);
      return references[name];
    },
    parameter(name) {
      if (!Object.hasOwn(parameters, name)) throw new Error(`no variable '${name}'`);
      return parameters[name];
    },
  };
}

export async function evaluate(
  text: string,
  surroundings: Surroundings,
  options?: ExpressionOptions,
): Promise<unknown> {
  return await compileExpression(text, options).evaluate(contextOf(surroundings));
}

/** Freezes a value and all that is in it. */
export function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFrozen(item);
  }
  return value;
}
