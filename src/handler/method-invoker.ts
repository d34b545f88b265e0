import type { Message } from '../message/message.ts';
import { reclaimArguments, releaseArguments } from '../parameter/decoded-payload.ts';
import {
  type Invocation,
  invocationOfMessage,
  isParameterConverter,
  type ParameterSite,
  type ResolveArgument,
} from '../parameter/parameter-converter.ts';
import type { Parameters } from '../parameter/parameters.ts';
import { isRecord } from '../schema/is-record.ts';
import { describeValue } from '../text/describe-value.ts';

export interface ParameterDescription {
  readonly name: string;
  readonly converter: string;
}

/** Calls a function with arguments that are computed from a message. Handlers and routes alike run through one. */
export interface MethodInvoker {
  /** @returns what the function returned, awaited where it or an argument is a promise */
  invoke(invocation: Invocation): unknown;
  /**
   * Computes the arguments that follow from the payload alone, and drops them.
   *
   * @throws LittoralError when the function could not be called with that payload
   */
  checkPayload(message: Message): Promise<void>;
  /** The description of the source of each argument, by its name or position. */
  readonly parameters: readonly ParameterDescription[];
}

/**
 * @param parameters a converter for each argument, by position or by name
 * @param method the function: called with the arguments in their order, or with one object of all of them
 * @param site the services and variables of the converters, and the name of the function in errors
 * @throws AggregateError with one error for each parameter that can never be computed
 */
export function methodInvoker(
  parameters: Parameters,
  // biome-ignore lint/suspicious/noExplicitAny: the converters decide its arguments
  method: (...parameters: any[]) => unknown,
  site: Omit<ParameterSite, 'parameter'>,
): MethodInvoker {
  const prepared = prepareAll(parameters, site);
  const names = Object.keys(parameters);
  const callMethod = Array.isArray(parameters)
    ? (resolved: unknown[]) => method(...resolved)
    : (resolved: unknown[]) => method(Object.fromEntries(names.map((name, index) => [name, resolved[index]])));
  const call = (resolved: unknown[], message: Message) => {
    releaseArguments(message);
    return callMethod(resolved);
  };

  return {
    invoke(invocation) {
      const resolved = resolveAll(prepared, invocation);
      const { message } = invocation;
      return resolved.some((argument) => argument instanceof Promise)
        ? settled(resolved).then((all) => call(all, message))
        : call(resolved, message);
    },
    parameters: prepared.map(({ name, converter }) => ({ name, converter })),
    async checkPayload(message) {
      const invocation = invocationOfMessage(message);
      for (const { resolve, fromPayloadAlone } of prepared) {
        if (!fromPayloadAlone) continue;
        await resolve(invocation);
        reclaimArguments(message);
      }
    },
  };
}

/** Awaits real promises only. A service may have a `then` of its own, and is passed unchanged. */
async function settled(resolved: readonly unknown[]): Promise<unknown[]> {
  const boxed = resolved.map((argument) =>
    argument instanceof Promise ? argument.then((value) => ({ value })) : { value: argument },
  );
  return (await Promise.all(boxed)).map(({ value }) => value);
}

interface PreparedParameter extends ParameterDescription {
  readonly resolve: ResolveArgument<unknown>;
  readonly fromPayloadAlone: boolean;
}

function resolveAll(prepared: readonly PreparedParameter[], invocation: Invocation): unknown[] {
  const resolved: unknown[] = [];
  try {
    for (const { resolve } of prepared) resolved.push(resolve(invocation));
  } catch (error) {
    // Promises before it may still reject, and no code awaits them any more.
    void Promise.allSettled(resolved);
    throw error;
  }
  return resolved;
}

function prepareAll(parameters: Parameters, site: Omit<ParameterSite, 'parameter'>): PreparedParameter[] {
  const errors: unknown[] = [];
  const prepared: PreparedParameter[] = [];
  for (const [parameter, converter] of namedConverters(parameters, site.handler)) {
    try {
      if (!isParameterConverter(converter)) {
        throw new TypeError(
          `Parameter '${parameter}' of ${site.handler} is ${describeValue(converter)}, not a parameter converter such as payload(…).`,
        );
      }
      const resolve = converter.prepare({ ...site, parameter });
      const { description, fromPayloadAlone } = converter;
      prepared.push({ name: parameter, converter: description, resolve, fromPayloadAlone });
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `${site.handler} cannot be called`);
  return prepared;
}

/** @throws AggregateError for a value that is neither a list nor an object, which JavaScript callers can pass */
function namedConverters(parameters: Parameters, handler: string): [name: string, converter: unknown][] {
  // `Object.entries` would skip the holes of a list, and the arguments would move.
  if (Array.isArray(parameters)) return Array.from(parameters, (converter, index) => [`#${index + 1}`, converter]);
  if (isRecord(parameters) && !isParameterConverter(parameters)) return Object.entries(parameters);
  const error = new TypeError(
    `The parameters of ${handler} are ${describeValue(parameters)}; give a list, or an object, of converters such as payload(…).`,
  );
  throw new AggregateError([error], `${handler} cannot be called`);
}
