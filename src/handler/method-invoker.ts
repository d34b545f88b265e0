import {
  type Invocation,
  isParameterConverter,
  type ParameterSite,
  type ResolveArgument,
} from '../parameter/parameter-converter.ts';
import type { Parameters } from '../parameter/parameters.ts';

/** Calls a function with arguments that are computed from a message. Handlers and routes alike run through one. */
export interface MethodInvoker {
  /** @returns what the function returned, awaited where it or an argument is a promise */
  invoke(invocation: Invocation): unknown;
  /**
   * Computes the arguments that follow from the payload alone, and drops them.
   *
   * @throws LittoralError when the function could not be called with that payload
   */
  checkPayload(invocation: Invocation): Promise<void>;
}

/**
 * @param parameters a converter for each argument, by position or by name
 * @param method the function: called with the arguments in their order, or with one object of all of them
 * @param site what the converters may use, and what errors call the function
 * @throws AggregateError with one error for each parameter that can never be computed
 */
export function methodInvoker(
  parameters: Parameters,
  // biome-ignore lint/suspicious/noExplicitAny: the converters decide what it is called with
  method: (...parameters: any[]) => unknown,
  site: Omit<ParameterSite, 'parameter'>,
): MethodInvoker {
  const positional = Array.isArray(parameters);
  const prepared = prepareAll(parameters, positional, site);
  const names = Object.keys(parameters);
  const call = positional
    ? (resolved: unknown[]) => method(...resolved)
    : (resolved: unknown[]) => method(Object.fromEntries(names.map((name, index) => [name, resolved[index]])));

  return {
    invoke(invocation) {
      const resolved: unknown[] = [];
      let asynchronous = false;
      for (const { resolve } of prepared) {
        const argument = resolve(invocation);
        asynchronous ||= argument instanceof Promise;
        resolved.push(argument);
      }
      return asynchronous ? Promise.all(resolved).then(call) : call(resolved);
    },
    async checkPayload(invocation) {
      for (const { resolve, fromPayloadAlone } of prepared) {
        if (fromPayloadAlone) await resolve(invocation);
      }
    },
  };
}

interface PreparedParameter {
  readonly resolve: ResolveArgument<unknown>;
  readonly fromPayloadAlone: boolean;
}

function prepareAll(
  parameters: Parameters,
  positional: boolean,
  site: Omit<ParameterSite, 'parameter'>,
): PreparedParameter[] {
  const errors: unknown[] = [];
  const prepared: PreparedParameter[] = [];
  for (const [key, converter] of Object.entries(parameters)) {
    const parameter = positional ? `#${Number(key) + 1}` : key;
    try {
      if (!isParameterConverter(converter)) {
        throw new TypeError(`Parameter '${parameter}' of ${site.handler} is not a parameter converter.`);
      }
      const resolve = converter.prepare({ ...site, parameter });
      prepared.push({ resolve, fromPayloadAlone: converter.fromPayloadAlone });
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `${site.handler} cannot be called`);
  return prepared;
}
