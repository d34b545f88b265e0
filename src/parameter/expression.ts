import type { ConversionHints } from '../conversion/conversion-target.ts';
import { errorMessage, isLittoralError, LittoralError } from '../errors.ts';
import { compileExpression, type ExpressionOptions } from '../expression/compile-expression.ts';
import { isPromiseLike } from '../promise/maybe-promise.ts';
import { isFromEcotone } from '../wire/ecotone-sender.ts';
import type { ArgumentType } from './argument-type.ts';
import { noSuchVariable } from './configuration-variable.ts';
import { type ExpressionScope, MessageScope, type Subject } from './expression-scope.ts';
import { cannotResolve, type Invocation, type ParameterSite } from './parameter-converter.ts';
import { noSuchService } from './services.ts';

/** JSONata, or a function. */
export type Expression<Service = unknown> = string | ((scope: ExpressionScope<Service>) => unknown);

/** The type of the result of an expression: known for a function, unknown for a text. */
export type ResultOf<E> = E extends (...scope: never[]) => infer Result ? Awaited<Result> : unknown;

/** Evaluates an expression on one invocation, and converts the result to the parameter's type, if it has one. */
export type Evaluate = (invocation: Invocation, subject: Subject) => unknown;

type PrepareOptions = Pick<ExpressionOptions, 'parts' | 'wholeParts'>;

/**
 * Compiles an expression.
 *
 * @param options `parts`: what the expression may name of the message; `wholeParts`: see `ExpressionOptions`
 * @param settle treats integers beyond 2^53 that JSONata takes from the payload, where there is no type. Default: they
 * stay
 * @throws TypeError naming handler and parameter, when it has an issue or names what does not exist
 */
export function prepareExpression(
  expression: Expression,
  type: ArgumentType | undefined,
  options: PrepareOptions,
  site: ParameterSite,
  settle: (result: unknown) => unknown = (result) => result,
): Evaluate {
  const evaluate = evaluator(expression, type, options, site);
  const finish = (result: unknown, { largeIntegers, headers }: MessageScope) => {
    if (type !== undefined) {
      // A value from the payload of a PHP application is still an array of PHP.
      return convertResult(result, type, site, { largeIntegers, fromPhp: isFromEcotone(headers) });
    }
    // The author of a function knows the type of its result.
    return largeIntegers && typeof expression === 'string' ? settle(result) : result;
  };
  return (invocation, subject) => {
    const isFunction = typeof expression === 'function';
    let scope = new MessageScope(invocation, subject, site, isFunction);
    let result = evaluate(scope);
    // A plain path returns a part of the payload itself. JSONata returns a copy of everything else.
    if (!isFunction && isObject(result) && !isPromiseLike(result) && !scope.claimPayload()) {
      scope = new MessageScope(invocation, subject, site, true);
      result = evaluate(scope);
    }
    const evaluated = scope;
    return isPromiseLike(result)
      ? Promise.resolve(result).then((settled) => finish(settled, evaluated))
      : finish(result, evaluated);
  };
}

function evaluator(
  expression: Expression,
  type: ArgumentType | undefined,
  options: PrepareOptions,
  site: ParameterSite,
): (scope: MessageScope) => unknown {
  if (typeof expression === 'function') {
    return (scope) => {
      const result = expression(scope as ExpressionScope);
      return isPromiseLike(result) ? Promise.resolve(result) : result;
    };
  }
  const { isArray: keepArray = false, itemsAreLists } = type ?? {};
  const compiled = compile(expression, { keepArray, itemsAreLists, ...options }, site);
  const fail = (error: unknown): never => {
    throw isLittoralError(error) && error.code === 'expression-failed'
      ? new LittoralError(error.code, `${cannotResolve(site)}: ${error.message}`, { cause: error })
      : error;
  };
  return (scope) => {
    try {
      const result = compiled.evaluate(scope);
      return isPromiseLike(result) ? Promise.resolve(result).catch(fail) : result;
    } catch (error) {
      return fail(error);
    }
  };
}

function compile(text: string, options: ExpressionOptions, site: ParameterSite) {
  if (typeof text !== 'string') {
    throw new TypeError(`${cannotResolve(site)}: its expression is neither a text nor a function.`);
  }
  try {
    const compiled = compileExpression(text, options);
    for (const name of compiled.references)
      if (!site.services.has(name)) throw new TypeError(noSuchService(name, site.services));
    for (const name of compiled.parameters)
      if (!Object.hasOwn(site.variables, name)) throw new TypeError(noSuchVariable(name, site));
    return compiled;
  } catch (cause) {
    throw new TypeError(`${cannotResolve(site)}: ${errorMessage(cause)}`, { cause });
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function convertResult(result: unknown, type: ArgumentType, site: ParameterSite, hints: ConversionHints): unknown {
  if (result !== undefined) return type.convert(result, 'the result of its expression', hints);
  if (type.optional) return undefined;
  if (type.nullable) return null;
  throw new LittoralError(
    'expression-failed',
    `${cannotResolve(site)}: its expression gives nothing for this message. Make the type optional, or give it a default in the expression.`,
  );
}
