import type { MessageHeaders } from '../message/message-headers.ts';
import type { ArgumentsOf, Arriving, Checked, GivenParameters } from '../parameter/parameters.ts';
import type { References } from '../parameter/references.ts';
import type { TargetType } from '../schema/target-type.ts';
import { type HandlerDefinition, type HandlerKind, type HandlerOptions, handlerKind } from './handler-definition.ts';

/** The types that determine the arguments of a handler. One signature for all, so that an error names its cause. */
interface Definition<Payload extends TargetType, P extends GivenParameters, Result> extends HandlerOptions {
  /**
   * The type that the payload is converted to: a TypeBox schema, or a class. The handler is called with the payload,
   * all headers and the services. Default: the payload as it was decoded.
   */
  readonly payload?: [P] extends [never] ? Payload : PayloadAmongParameters;
  /**
   * A converter for each argument: a list, or an object for a handler that takes one object. Default: see `payload`.
   */
  readonly parameters?: P & Checked<P>;
  /** The handler. It may be asynchronous. Errors that it throws are retried as `retries` says. */
  readonly handle: (...parameters: HandlerArguments<Payload, P>) => Result;
}

type PayloadAmongParameters = 'With parameters, write payload(…) among them in place of this property';

type HandlerArguments<Payload extends TargetType, P extends GivenParameters> = [P] extends [never]
  ? [payload: [Payload] extends [never] ? Undeclared : Arriving<Payload>, headers: MessageHeaders, services: References]
  : P extends GivenParameters
    ? ArgumentsOf<P>
    : never;

// biome-ignore lint/suspicious/noExplicitAny: the author of the handler declares the payload
type Undeclared = any;

/**
 * Declares the one handler of a command.
 *
 * @param definition the routing key, the types of the arguments, and the function, which may be asynchronous:
 * the message is acknowledged when it has finished
 * @returns a definition to list under `handlers` in the configuration
 */
export function defineCommandHandler<
  Result,
  const P extends GivenParameters = never,
  Payload extends TargetType = never,
>(definition: Definition<Payload, P, Result>): HandlerDefinition<Result, 'command'> {
  return define('command', definition);
}

/**
 * Declares a handler of an event. An event may have any number of them; give those of one routing key an `endpointId`
 * each.
 *
 * @param definition the routing key, the types of the arguments, and the function, which may be asynchronous:
 * the message is acknowledged when all its handlers have finished
 * @returns a definition to list under `handlers` in the configuration
 */
export function defineEventHandler<Result, const P extends GivenParameters = never, Payload extends TargetType = never>(
  definition: Definition<Payload, P, Result>,
): HandlerDefinition<Result, 'event'> {
  return define('event', definition);
}

type Declared<Result> = HandlerOptions & Pick<HandlerDefinition<Result>, 'payload' | 'parameters' | 'handle'>;

function define<Result, Kind extends HandlerKind>(kind: Kind, definition: unknown): HandlerDefinition<Result, Kind> {
  const declared = definition as Declared<Result>;
  const { routingKey, endpointId = routingKey, distributed = false } = declared;
  // This keeps unknown options, so that the registry can refuse them.
  return { ...declared, [handlerKind]: kind, endpointId, distributed };
}
