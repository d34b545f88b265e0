import type { MessageHeaders } from '../message/message-headers.ts';
import type { ArgumentsOf, Arriving, Checked, Parameters } from '../parameter/parameters.ts';
import type { References } from '../parameter/references.ts';
import type { TargetType } from '../schema/target-type.ts';
import { type HandlerDefinition, type HandlerKind, type HandlerOptions, handlerKind } from './handler-definition.ts';

// Of several overloads TypeScript tells the faults of the last: the form with parameters is the one to say most about.

/** Every argument by a parameter converter of its own. */
interface WithParameters<P extends Parameters, Result> extends HandlerOptions {
  readonly parameters: P & Checked<P>;
  readonly payload?: never;
  readonly handle: (...parameters: ArgumentsOf<P>) => Result;
}

/** The default converters: the payload, converted to a type, then all headers, then the services. */
interface WithPayload<Payload extends TargetType, Result> extends HandlerOptions {
  readonly payload: Payload;
  readonly parameters?: never;
  readonly handle: (payload: Arriving<Payload>, headers: MessageHeaders, services: References) => Result;
}

/** The default converters: the payload as it was decoded, then all headers, then the services. */
interface WithDefaults<Result> extends HandlerOptions {
  readonly payload?: never;
  readonly parameters?: never;
  // biome-ignore lint/suspicious/noExplicitAny: the author of the handler says what the payload is
  readonly handle: (payload: any, headers: MessageHeaders, services: References) => Result;
}

/**
 * Declares the one handler of a command.
 *
 * @param definition what it handles, how its arguments are computed, and the function itself. It may be asynchronous:
 * the message is acknowledged when it has finished
 * @returns a definition to list under `handlers` in the configuration
 */
export function defineCommandHandler<Result>(definition: WithDefaults<Result>): HandlerDefinition<Result, 'command'>;
export function defineCommandHandler<Payload extends TargetType, Result>(
  definition: WithPayload<Payload, Result>,
): HandlerDefinition<Result, 'command'>;
export function defineCommandHandler<const P extends Parameters, Result>(
  definition: WithParameters<P, Result>,
): HandlerDefinition<Result, 'command'>;
export function defineCommandHandler(definition: Definition): HandlerDefinition<unknown, 'command'> {
  return define('command', definition);
}

/**
 * Declares a handler of an event. An event may have any number of them; give those of one routing key an `endpointId`
 * each.
 *
 * @param definition what it handles, how its arguments are computed, and the function itself. It may be asynchronous:
 * the message is acknowledged when all its handlers have finished
 * @returns a definition to list under `handlers` in the configuration
 */
export function defineEventHandler<Result>(definition: WithDefaults<Result>): HandlerDefinition<Result, 'event'>;
export function defineEventHandler<Payload extends TargetType, Result>(
  definition: WithPayload<Payload, Result>,
): HandlerDefinition<Result, 'event'>;
export function defineEventHandler<const P extends Parameters, Result>(
  definition: WithParameters<P, Result>,
): HandlerDefinition<Result, 'event'>;
export function defineEventHandler(definition: Definition): HandlerDefinition<unknown, 'event'> {
  return define('event', definition);
}

type Definition = HandlerOptions & Pick<HandlerDefinition, 'payload' | 'parameters' | 'handle'>;

function define<Kind extends HandlerKind>(kind: Kind, definition: Definition): HandlerDefinition<unknown, Kind> {
  const { routingKey, endpointId = routingKey, distributed = false } = definition;
  // With what is no option, for the registry to refuse.
  return { ...definition, [handlerKind]: kind, endpointId, distributed };
}
