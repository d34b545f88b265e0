import type { Deduplicate } from '../deduplication/deduplication-key.ts';
import type { Parameters } from '../parameter/parameters.ts';
import type { TargetType } from '../schema/target-type.ts';
import type { Retries } from './retries.ts';

export const handlerKind: unique symbol = Symbol.for('littoral.handler') as never;

export type HandlerKind = 'command' | 'event';

/** A handler as its author declared it. Made by `defineCommandHandler` and `defineEventHandler`. */
export interface HandlerDefinition<Result = unknown, Kind extends HandlerKind = HandlerKind> {
  readonly [handlerKind]: Kind;
  /** The key that messages are sent under. In an event's, `*` stands for any characters. */
  readonly routingKey: string;
  /** The name of the handler in logs, dead letters and the list of endpoints. */
  readonly endpointId: string;
  /** True if other services reach the handler through the bus. */
  readonly distributed: boolean;
  /** The type of the payload, for a handler with the default parameters. */
  readonly payload?: TargetType | undefined;
  /** The converters of the arguments, by position or by name. */
  readonly parameters?: Parameters | undefined;
  /** The only media types that the handler accepts. None: any. */
  readonly contentType?: string | readonly string[] | undefined;
  /** The media type of a message without a content type. */
  readonly defaultContentType?: string | undefined;
  /** The retries, as far as they differ from those of the service. */
  readonly retries?: Retries | undefined;
  /** Milliseconds after which a call has failed. None: the `handlerTimeoutMs` of the service. */
  readonly timeoutMs?: number | undefined;
  /** The deduplication, where it differs from that of the service. */
  readonly deduplicate?: Deduplicate | undefined;
  /** The function that handles a message. */
  // biome-ignore lint/suspicious/noExplicitAny: its arguments are checked where it is defined
  readonly handle: (...parameters: any[]) => Result;
}

/** The options that command handlers and event handlers have in common. */
export interface HandlerOptions {
  /**
   * The routing key of the handled messages. At most 255 bytes. In the key of an event, `*` matches any characters,
   * dots included.
   */
  readonly routingKey: string;
  /** True if other services reach it through the bus. Default: false, this process only. */
  readonly distributed?: boolean;
  /** Names the handler in logs, dead letters and the list of endpoints. At most 255 bytes. Default: its routing key. */
  readonly endpointId?: string;
  /**
   * The only media types that the handler accepts, compared without parameters such as charset; others are refused. A
   * value that is passed within this process has no media type, and is accepted. Default: any.
   */
  readonly contentType?: string | readonly string[];
  /** The media type of a payload whose message has no content type. Default: bytes of an unknown type. */
  readonly defaultContentType?: string;
  /** The retries of the handler. They override those of the service one by one. */
  readonly retries?: Retries;
  /**
   * Milliseconds after which a call counts as failed; only for a distributed handler. It must be well below the
   * broker's `consumer_timeout`, which is 30 min. Default: the `handlerTimeoutMs` of the service.
   */
  readonly timeoutMs?: number;
  /**
   * True to skip copies of messages that the handler has handled; only for a distributed handler. An expression or a
   * function returns a key in place of the message id: a text of 1 to 255 characters, a number or a BigInt. Messages
   * with equal keys are copies. For null, the message is handled without deduplication. Default: `deduplication` in the
   * configuration.
   */
  readonly deduplicate?: Deduplicate;
}

/** All options of a definition. */
export const handlerOptions = [
  'routingKey',
  'distributed',
  'endpointId',
  'payload',
  'parameters',
  'contentType',
  'defaultContentType',
  'retries',
  'timeoutMs',
  'deduplicate',
  'handle',
] as const satisfies readonly (keyof HandlerDefinition)[];

/** Recognises the definitions of every copy of littoral. */
export function isHandlerDefinition(value: unknown): value is HandlerDefinition {
  return typeof value === 'object' && value !== null && handlerKind in value;
}

/** A handler as users know it, for logs and errors. */
export function handlerName({ [handlerKind]: kind, endpointId }: HandlerDefinition): string {
  return `${kind} handler '${endpointId}'`;
}
