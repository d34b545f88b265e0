import { LittoralError } from '../errors.ts';
import type { ExpressionContext } from '../expression/expression-context.ts';
import type { MessageHeaders } from '../message/message-headers.ts';
import { holdsLargeIntegers } from '../schema/large-integers.ts';
import { claimDecoded, readDecoded, takeDecodedAlone } from './decoded-payload.ts';
import { cannotResolve, type Invocation, type ParameterSite } from './parameter-converter.ts';
import type { References, ServiceName, VariableOf } from './references.ts';

/** The argument of an expression that is a function. Each part is computed when it is first read. */
export interface ExpressionScope<Service = unknown> {
  /** The body, decoded by its content type. */
  // biome-ignore lint/suspicious/noExplicitAny: the author of the expression declares its type
  readonly payload: any;
  /** All headers of the message. */
  readonly headers: MessageHeaders;
  /** The header of the parameter, or the payload. */
  // biome-ignore lint/suspicious/noExplicitAny: the author of the expression declares its type
  readonly value: any;
  /** The service of the parameter. */
  readonly service: Service;
  /** A service of the container. */
  readonly reference: <Name extends ServiceName>(name: Name) => References[Name];
  /** A configuration variable. */
  readonly parameter: <Name extends string>(name: Name) => VariableOf<Name>;
}

/** The value and the service of the parameter, computed when they are first read. */
export interface Subject {
  readonly value?: () => unknown;
  readonly service?: () => unknown;
}

const unread = Symbol('unread');

/** The message as an expression sees it. */
export class MessageScope implements ExpressionContext {
  readonly #invocation: Invocation;
  readonly #subject: Subject;
  readonly #site: ParameterSite;
  readonly #decode: typeof readDecoded;
  #payload: unknown = unread;
  #value: unknown = unread;
  #service: unknown = unread;

  /** @param isAlone true if no other expression or argument may see the same payload, because it can be changed */
  constructor(invocation: Invocation, subject: Subject, site: ParameterSite, isAlone: boolean) {
    this.#invocation = invocation;
    this.#subject = subject;
    this.#site = site;
    this.#decode = isAlone ? takeDecodedAlone : readDecoded;
  }

  get payload(): unknown {
    if (this.#payload === unread) this.#payload = this.#decode(this.#invocation.message, this.#site.conversion);
    return this.#payload;
  }

  /** Returns whether a part of the payload may become an argument. See `claimDecoded`. */
  claimPayload(): boolean {
    return this.#payload === unread || claimDecoded(this.#invocation.message, this.#payload);
  }

  /** True if the payload was read, and decoded with integers beyond 2^53. */
  get largeIntegers(): boolean {
    const isRead = this.#payload !== unread && this.#invocation.message.payload instanceof Uint8Array;
    return isRead && holdsLargeIntegers(this.#payload);
  }

  get headers(): MessageHeaders {
    return this.#invocation.message.headers;
  }

  get value(): unknown {
    // A parameter without a header has the payload as its value.
    if (this.#value === unread) this.#value = this.#subject.value ? this.#subject.value() : this.payload;
    return this.#value;
  }

  get service(): unknown {
    if (this.#service === unread) this.#service = this.#subject.service?.();
    return this.#service;
  }

  // Properties rather than methods, so that an expression can destructure them.
  readonly reference = (name: string): unknown => {
    if (this.#site.services.has(name)) return this.#invocation.services.resolve(name);
    const registered = this.#site.services.names.join(', ');
    throw this.#missing(`there is no service of the name that its expression gives. Registered: ${registered}`);
  };

  readonly parameter = (name: string): unknown => {
    if (Object.hasOwn(this.#site.variables, name)) return this.#site.variables[name];
    const configured = Object.keys(this.#site.variables).join(', ') || 'none';
    throw this.#missing(
      `there is no configuration variable of the name that its expression gives. Configured: ${configured}`,
    );
  };

  /** Does not quote the name: literal names are checked at start, and a computed one can be a part of the payload. */
  #missing(issue: string): LittoralError {
    return new LittoralError('cannot-resolve', `${cannotResolve(this.#site)}: ${issue}.`);
  }
}
