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
  /** Whether other services reach the handler through the bus. */
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
  /**
   * The only media types that it takes, parameters such as charset aside: others are refused. What a command or event
   * of this process passes as a value has none, and is taken. Default: any.
   */
  readonly contentType?: string | readonly string[];
  /** What the payload of a message without a content type is. Default: bytes of which nothing is known. */
  readonly defaultContentType?: string;
  /** How it is tried again when it fails, as far as it differs from the `retries` of the service. */
  readonly retries?: Retries;
  /**
   * After which a call of it has failed, in milliseconds; for a distributed handler. Well below the broker's
   * `consumer_timeout`, which is 30 min. Default: the `handlerTimeoutMs` of the service.
   */
  readonly timeoutMs?: number;
  /**
   * Whether the handler is kept from being called for copies of what it has handled; for a distributed handler. An
   * expression, or a function, gives what makes two messages copies of each other, in place of the message id: a text of
   * 1 to 255 characters, a number or a BigInt; nothing (null), and the message is handled without deduplication. See
   * `deduplication` in the configuration, which is the default.
   */
  readonly deduplicate?: Deduplicate;
}

/** All that a definition can hold. */
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
