import type { Parameters } from '../parameter/parameters.ts';
import type { CallGate } from './call-gate.ts';
import type { HandlerDefinition } from './handler-definition.ts';
import type { ParameterDescription } from './method-invoker.ts';

/** A handler whose work an application outside of this process does. */
export interface RemoteHandler {
  /** The converters of the arguments of `handle`, in place of those of the definition. */
  readonly parameters: Parameters;
  /** Describes its work, for the list of endpoints. */
  readonly description: readonly ParameterDescription[];
  // biome-ignore lint/suspicious/noExplicitAny: the converters decide what it is called with
  readonly handle: (...parameters: any[]) => unknown;
  readonly gate: CallGate;
}

/**
 * Returns how a definition is handled outside of this process; undefined if its function does the work itself.
 *
 * @throws AggregateError, Error with the issues of the definition
 */
export type FindRemoteHandler = (definition: HandlerDefinition) => RemoteHandler | undefined;
