import type { Static } from 'typebox';
import type { Schema } from '../conversion/schema-check.ts';
import type { MessageHeaders } from '../message/message-headers.ts';
import type { ArgumentsOf, Parameters } from '../parameter/parameters.ts';
import { type HandlerDefinition, type HandlerOptions, handlerKind } from './handler-definition.ts';

/** Every argument by a parameter converter of its own. */
interface WithParameters<P extends Parameters, Result> extends HandlerOptions {
  readonly parameters: P;
  readonly payload?: never;
  readonly handle: (...parameters: ArgumentsOf<P>) => Result;
}

/** The default converters: the payload, checked against a schema, then all headers. */
interface WithPayload<Payload extends Schema, Result> extends HandlerOptions {
  readonly payload: Payload;
  readonly parameters?: never;
  readonly handle: (payload: Static<Payload>, headers: MessageHeaders) => Result;
}

/** The default converters: the payload as it was decoded, then all headers. */
interface WithDefaults<Result> extends HandlerOptions {
  readonly payload?: never;
  readonly parameters?: never;
  // biome-ignore lint/suspicious/noExplicitAny: the author of the handler says what the payload is
  readonly handle: (payload: any, headers: MessageHeaders) => Result;
}

/**
 * Declares the one handler of a command.
 *
 * @param definition what it handles, how its arguments are computed, and the function itself. It may be asynchronous:
 * the message is acknowledged when it has finished
 * @returns a definition to list under `handlers` in the configuration
 */
export function defineCommandHandler<const P extends Parameters, Result>(
  definition: WithParameters<P, Result>,
): HandlerDefinition;
export function defineCommandHandler<Payload extends Schema, Result>(
  definition: WithPayload<Payload, Result>,
): HandlerDefinition;
export function defineCommandHandler<Result>(definition: WithDefaults<Result>): HandlerDefinition;
export function defineCommandHandler(definition: Definition): HandlerDefinition {
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
export function defineEventHandler<const P extends Parameters, Result>(
  definition: WithParameters<P, Result>,
): HandlerDefinition;
export function defineEventHandler<Payload extends Schema, Result>(
  definition: WithPayload<Payload, Result>,
): HandlerDefinition;
export function defineEventHandler<Result>(definition: WithDefaults<Result>): HandlerDefinition;
export function defineEventHandler(definition: Definition): HandlerDefinition {
  return define('event', definition);
}

type Definition = HandlerOptions & Pick<HandlerDefinition, 'payload' | 'parameters' | 'handle'>;

function define(kind: 'command' | 'event', definition: Definition): HandlerDefinition {
  return {
    [handlerKind]: kind,
    routingKey: definition.routingKey,
    endpointId: definition.endpointId ?? definition.routingKey,
    distributed: definition.distributed ?? false,
    payload: definition.payload,
    parameters: definition.parameters,
    handle: definition.handle,
  };
}
