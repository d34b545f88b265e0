import type { ConversionService } from '../conversion/conversion-service.ts';
import type { Message } from '../message/message.ts';
import { noServices, type ServiceDirectory, type Services } from './services.ts';

/** What the arguments of one call of a handler are computed from. */
export interface Invocation {
  /** The message that is handled. */
  readonly message: Message;
  /** The services of this call. */
  readonly services: Services;
  /** Aborted when the gateway must stop, or the handler has run out of time. */
  readonly signal: AbortSignal;
  /** Number of the attempt, from 1, with those of earlier deliveries. Only for a handler outside of this process. */
  readonly attempt?: number | undefined;
  /**
   * The end of the message's time to live, milliseconds since 1970; undefined for one that does not expire. Only for a
   * handler outside of this process.
   */
  readonly expiresAtMs?: number | undefined;
  /** The delivery of the message. Only for a handler whose application says how many messages it takes. */
  readonly delivery?: DeliveryStatus | undefined;
}

/** The delivery of a message, as far as an application that handles it depends on it. */
export interface DeliveryStatus {
  /** True once the broker redelivers the message, because the connection that delivered it is gone. */
  readonly isLost: boolean;
  /**
   * Resolves once what follows from this call is decided, and was written to the broker: with the outcome of the
   * delivery, or with undefined if the delivery has further calls first. Never rejects.
   */
  readonly settled: Promise<string | undefined>;
}

/** What the converters of every handler may draw on at start. */
export interface ParameterContext {
  readonly conversion: ConversionService;
  readonly services: ServiceDirectory;
  /** The configuration variables. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The argument that a converter is asked to compute, for its errors, and what it may use. */
export interface ParameterSite extends ParameterContext {
  /** The handler or route, as users know it: `command handler billing.changeDetails`. */
  readonly handler: string;
  /** The parameter's name, or its position: `command`, `#1`. */
  readonly parameter: string;
  /** What errors call it, where it is no parameter. */
  readonly role?: 'option';
}

export type ResolveArgument<Argument> = (invocation: Invocation) => Argument | Promise<Argument>;

// Of the global registry: definitions made with another copy of the package must be recognised.
const brand = Symbol.for('littoral.parameterConverter');

/** Computes one argument of a handler from a message. */
export interface ParameterConverter<Argument = unknown> {
  readonly [brand]: true;
  /**
   * Called once, at start: whatever can be compiled or found wrong then, is.
   *
   * @throws Error naming handler and parameter, when the argument can never be computed
   */
  prepare(site: ParameterSite): ResolveArgument<Argument>;
  /** What the handler will receive, as text, for the list of endpoints. */
  readonly description: string;
  /** True if the argument follows from the payload alone, so that a sender can find out early whether it fits. */
  readonly fromPayloadAlone: boolean;
}

/** Makes a converter of its parts. */
export function parameterConverter<Argument>(
  description: string,
  prepare: (site: ParameterSite) => ResolveArgument<Argument>,
  { fromPayloadAlone = false } = {},
): ParameterConverter<Argument> {
  return { [brand]: true, description, fromPayloadAlone, prepare };
}

/** Recognises the converters of every copy of littoral. */
export function isParameterConverter(value: unknown): value is ParameterConverter {
  return typeof value === 'object' && value !== null && brand in value;
}

/** The beginning of every error of a parameter. */
export function cannotResolve({ handler, parameter, role }: ParameterSite): string {
  return `Cannot resolve ${role ?? 'parameter'} '${parameter}' of ${handler}`;
}

const neverAborted = new AbortController().signal;

/** The invocation of what follows from the message alone. */
export function invocationOfMessage(message: Message): Invocation {
  return { message, services: noServices, signal: neverAborted };
}
