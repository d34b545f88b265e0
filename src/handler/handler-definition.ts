import type { Schema } from '../conversion/schema-check.ts';
import type { Parameters } from '../parameter/parameters.ts';

export const handlerKind: unique symbol = Symbol.for('littoral.handler') as never;

/** A handler as its author declared it. Made by `defineCommandHandler` and `defineEventHandler`. */
export interface HandlerDefinition {
  readonly [handlerKind]: 'command' | 'event';
  readonly routingKey: string;
  readonly endpointId: string;
  readonly distributed: boolean;
  readonly payload?: Schema | undefined;
  readonly parameters?: Parameters | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: its arguments are checked where it is defined
  readonly handle: (...parameters: any[]) => unknown;
}

/** What command handlers and event handlers have in common. */
export interface HandlerOptions {
  /**
   * The key that messages are sent under. At most 255 bytes. In an event's, `*` stands for any characters, dots
   * included.
   */
  readonly routingKey: string;
  /** Whether other services reach it through the bus. Default: false, this process only. */
  readonly distributed?: boolean;
  /** Names the handler in logs, dead letters and the list of endpoints. At most 255 bytes. Default: its routing key. */
  readonly endpointId?: string;
}

/** Recognises the definitions of every copy of littoral. */
export function isHandlerDefinition(value: unknown): value is HandlerDefinition {
  return typeof value === 'object' && value !== null && handlerKind in value;
}

/** A handler as users know it, for logs and errors. */
export function handlerName({ [handlerKind]: kind, endpointId }: HandlerDefinition): string {
  return `${kind} handler '${endpointId}'`;
}
