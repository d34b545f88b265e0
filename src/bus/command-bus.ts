import type { ConversionService } from '../conversion/conversion-service.ts';
import { LittoralError } from '../errors.ts';
import { type HandlerDefinition, isHandlerDefinition } from '../handler/handler-definition.ts';
import type { HandlerRegistry, RegisteredHandler } from '../handler/handler-registry.ts';
import { type InvocationScopes, invokeInScope, NoDeadline } from '../handler/invocation-scope.ts';
import { describeValue } from '../text/describe-value.ts';
import { type LocalSendOptions, localMessage } from './local-message.ts';
import type { PendingCalls } from './pending-calls.ts';
import type { SendContext } from './send-context.ts';

/** The dependencies of the buses of the process. */
export interface LocalBusOptions {
  readonly registry: HandlerRegistry;
  readonly conversion: ConversionService;
  readonly scopes: InvocationScopes;
  /** Counts the calls that do not come from a handler. */
  readonly pendingCalls: PendingCalls;
}

/** Sends commands to their handlers in this process, distributed or not, and returns what they return. */
export class CommandBus {
  readonly #options: LocalBusOptions;
  readonly #sendContext: SendContext | undefined;

  /** @param sendContext the handler that it belongs to; none for a bus of the whole process */
  constructor(options: LocalBusOptions, sendContext?: SendContext) {
    this.#options = options;
    this.#sendContext = sendContext;
  }

  /**
   * Calls the handler of a command.
   *
   * @param command its routing key, or its definition, by which the type of the result is known
   * @param payload text, bytes or any value
   * @returns what the handler returned
   * @throws LittoralError `no-handler`, and what makes a payload or metadata wrong; else what the handler throws
   */
  send<Result>(
    command: HandlerDefinition<Result, 'command'>,
    payload?: unknown,
    options?: LocalSendOptions,
  ): Promise<Awaited<Result>>;
  /**
   * Calls the handler of a command.
   *
   * @param command its routing key. With its definition in place of the key, the type of the result is known
   * @param payload text, bytes or any value
   * @param options the media type of the payload, and headers
   * @returns what the handler returned
   * @throws LittoralError `no-handler`, and what makes a payload or metadata wrong; else what the handler throws
   */
  send(command: string, payload?: unknown, options?: LocalSendOptions): Promise<unknown>;
  send(command: string | HandlerDefinition, payload?: unknown, options: LocalSendOptions = {}): Promise<unknown> {
    const call = this.#send(isHandlerDefinition(command) ? command.routingKey : command, payload, options);
    return (this.#sendContext ?? this.#options.pendingCalls).track(call);
  }

  async #send(routingKey: unknown, payload: unknown, options: LocalSendOptions): Promise<unknown> {
    const { scopes, conversion } = this.#options;
    const handler = this.#handlerOf(routingKey);
    const message = localMessage(payload, options, conversion, this.#sendContext?.message);
    const { endpointId } = handler;
    return invokeInScope(
      handler,
      scopes.open({ message, endpointId, deadline: this.#sendContext?.deadline ?? new NoDeadline() }),
    );
  }

  #handlerOf(routingKey: unknown): RegisteredHandler {
    const { registry } = this.#options;
    const handler = typeof routingKey === 'string' ? registry.commandHandler(routingKey) : undefined;
    if (handler) return handler;
    const named = typeof routingKey === 'string' ? `'${routingKey.slice(0, 255)}'` : describeValue(routingKey);
    const keys = registry.commandKeys().join(', ') || 'none';
    throw new LittoralError('no-handler', `No command handler ${named} in this process. Registered: ${keys}.`);
  }
}
