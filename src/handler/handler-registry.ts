import { deduplicationRule, type KeyOfInvocation } from '../deduplication/deduplication-key.ts';
import { errorMessage, LittoralError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import { RoutingKeyIndex } from '../message/routing-key-index.ts';
import { headers } from '../parameter/headers.ts';
import type { Invocation, ParameterContext } from '../parameter/parameter-converter.ts';
import { payload } from '../parameter/payload.ts';
import { servicesObject } from '../parameter/services-object.ts';
import { errorText } from '../text/error-chain.ts';
import type { CallGate } from './call-gate.ts';
import { contentTypeRule } from './content-type-rule.ts';
import { type HandlerDefinition, handlerKind, handlerName, isHandlerDefinition } from './handler-definition.ts';
import { type MethodInvoker, methodInvoker } from './method-invoker.ts';
import type { FindRemoteHandler } from './remote-handler.ts';
import { isEndpointId, type Taken, validateDefinition } from './validate-definition.ts';

/** A handler that is ready to be called. */
export interface RegisteredHandler extends MethodInvoker {
  readonly definition: HandlerDefinition;
  readonly endpointId: string;
  /** The name of the handler in logs and errors: `command handler 'billing.changeDetails'`. */
  readonly name: string;
  /**
   * Returns the deduplication key of a message; false: all messages are handled; undefined: the configuration decides.
   */
  readonly deduplication: KeyOfInvocation | false | undefined;
  /** Decides when it may be called; undefined for a function of this process. */
  readonly gate?: CallGate | undefined;
}

/** The context in which the registry creates handlers. */
export interface RegistryContext extends ParameterContext {
  /** Default: all handlers are functions of this process. */
  readonly findRemote?: FindRemoteHandler | undefined;
}

/** All handlers of this gateway. */
export class HandlerRegistry {
  readonly #context: RegistryContext;
  #commands = new Map<string, RegisteredHandler>();
  #events: RegisteredHandler[] = [];
  #eventsByKey = new RoutingKeyIndex<RegisteredHandler>();
  #distributedEventsByKey = new RoutingKeyIndex<RegisteredHandler>();
  #revision = 0;

  /**
   * @param definitions the handlers of the configuration
   * @param context the services and variables that their parameters may use
   * @throws LittoralError `invalid-handlers` with every issue of every handler
   */
  constructor(definitions: readonly unknown[], context: RegistryContext) {
    this.#context = context;
    const issues: string[] = [];
    const taken: Taken = { commands: new Set(), endpointIds: new Set() };
    definitions.forEach((definition, index) => {
      if (!isHandlerDefinition(definition)) {
        issues.push(`handlers[${index}] is not a handler; define it with defineCommandHandler or defineEventHandler`);
        return;
      }
      const name = isEndpointId(definition.endpointId) ? handlerName(definition) : `handlers[${index}]`;
      const ownIssues = validateDefinition(definition, name, taken);
      issues.push(...ownIssues);
      try {
        const handler = register(definition, name, context);
        if (ownIssues.length === 0) this.#add(definition, handler);
      } catch (error) {
        issues.push(
          ...(error instanceof AggregateError ? error.errors.map((one) => errorText(one)) : [errorText(error)]),
        );
      }
    });
    if (issues.length > 0) {
      throw new LittoralError('invalid-handlers', `The handlers are not valid:\n- ${issues.join('\n- ')}`);
    }
  }

  /**
   * Replaces all handlers.
   *
   * @throws LittoralError `invalid-handlers` with every issue of every handler; the earlier handlers then stay
   */
  replace(definitions: readonly unknown[]): void {
    const next = new HandlerRegistry(definitions, this.#context);
    this.#commands = next.#commands;
    this.#events = next.#events;
    this.#eventsByKey = next.#eventsByKey;
    this.#distributedEventsByKey = next.#distributedEventsByKey;
    this.#revision += 1;
  }

  /** Number of times that the handlers were replaced. */
  get revision(): number {
    return this.#revision;
  }

  /** The handler of a command that was sent in this process. */
  commandHandler(routingKey: string): RegisteredHandler | undefined {
    return this.#commands.get(routingKey);
  }

  /** The handler of a command that came over the bus. */
  distributedCommandHandler(routingKey: string): RegisteredHandler | undefined {
    const handler = this.#commands.get(routingKey);
    return handler?.definition.distributed ? handler : undefined;
  }

  /** The handlers of an event that was published in this process, in the order in which they were listed. */
  eventHandlers(routingKey: string): readonly RegisteredHandler[] {
    return this.#eventsByKey.find(routingKey);
  }

  /** The handlers of an event that came over the bus, in the order in which they were listed. */
  distributedEventHandlers(routingKey: string): readonly RegisteredHandler[] {
    return this.#distributedEventsByKey.find(routingKey);
  }

  /** True if the bus can reach any handler. */
  get hasDistributedHandlers(): boolean {
    return this.handlers().some(({ definition }) => definition.distributed);
  }

  /** Returns the gates of the distributed handlers that are outside of this process. */
  gates(): readonly CallGate[] {
    return this.handlers().flatMap(({ definition, gate }) => (definition.distributed && gate ? [gate] : []));
  }

  /** True if the bus can reach a handler that is a function of this process. */
  get hasDistributedFunctions(): boolean {
    return this.handlers().some(({ definition, gate }) => definition.distributed && gate === undefined);
  }

  /** The routing keys of all commands, for error messages. */
  commandKeys(): readonly string[] {
    return [...this.#commands.keys()];
  }

  /** The routing keys of all commands that the bus can reach, for error messages. */
  distributedCommandKeys(): readonly string[] {
    return [...this.#commands].filter(([, { definition }]) => definition.distributed).map(([key]) => key);
  }

  /** Returns the routing keys of all distributed events, patterns included, each once. */
  distributedEventKeys(): readonly string[] {
    const distributed = this.#events.filter(({ definition }) => definition.distributed);
    return [...new Set(distributed.map(({ definition }) => definition.routingKey))];
  }

  /** Every handler: the commands, then the events, in the order in which they were listed. */
  handlers(): readonly RegisteredHandler[] {
    return [...this.#commands.values(), ...this.#events];
  }

  #add(definition: HandlerDefinition, handler: RegisteredHandler): void {
    const { routingKey, distributed } = definition;
    if (definition[handlerKind] === 'command') {
      this.#commands.set(routingKey, handler);
      return;
    }
    this.#events.push(handler);
    this.#eventsByKey.add(routingKey, handler);
    if (distributed) this.#distributedEventsByKey.add(routingKey, handler);
  }
}

function register(definition: HandlerDefinition, name: string, context: RegistryContext): RegisteredHandler {
  const { endpointId, deduplicate } = definition;
  const site = { ...context, handler: name };
  const errors: unknown[] = [];
  const attempt = <Made>(make: () => Made): Made | undefined => {
    try {
      return make();
    } catch (error) {
      errors.push(...(error instanceof AggregateError ? error.errors : [error]));
      return undefined;
    }
  };
  const remote = attempt(() => findRemote(definition, name, context));
  const { handle, parameters = defaultParameters(definition) } = remote ?? definition;
  const invoker = attempt(() => methodInvoker(parameters, handle, site));
  const deduplication = attempt(() => deduplicationRule(deduplicate, site));
  if (invoker === undefined || errors.length > 0) throw new AggregateError(errors, `${name} cannot be called`);
  const described = remote ? { ...invoker, gate: remote.gate, parameters: remote.description } : invoker;
  return withContentTypes({ definition, endpointId, name, deduplication, ...described });
}

function findRemote(definition: HandlerDefinition, name: string, { findRemote }: RegistryContext) {
  try {
    return findRemote?.(definition);
  } catch (cause) {
    throw new TypeError(`${name}: ${errorMessage(cause)}`, { cause });
  }
}

function withContentTypes(handler: RegisteredHandler): RegisteredHandler {
  const { definition, name, deduplication } = handler;
  const rule = contentTypeRule(definition, name);
  if (rule === undefined) return handler;
  const ruled = (invocation: Invocation) => withMessage(invocation, rule(invocation.message));
  return {
    ...handler,
    invoke: (invocation) => handler.invoke(ruled(invocation)),
    checkPayload: async (message) => handler.checkPayload(rule(message)),
    deduplication: deduplication && ((invocation) => deduplication(ruled(invocation))),
  };
}

function withMessage(invocation: Invocation, message: Message): Invocation {
  if (message === invocation.message) return invocation;
  const { services, signal, attempt, delivery } = invocation;
  return { message, services, signal, attempt, delivery };
}

function defaultParameters({ payload: type }: HandlerDefinition) {
  return [type === undefined ? payload() : payload(type), headers(), servicesObject()];
}
