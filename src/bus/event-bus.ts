import { LittoralError } from '../errors.ts';
import { invokeInScope, NoDeadline } from '../handler/invocation-scope.ts';
import { validateKey } from '../message/routing-key.ts';
import type { LocalBusOptions } from './command-bus.ts';
import { type LocalSendOptions, localMessage } from './local-message.ts';
import type { SendContext } from './send-context.ts';

/** Publishes events to their handlers in this process, distributed or not. */
export class EventBus {
  readonly #options: LocalBusOptions;
  readonly #sendContext: SendContext | undefined;

  /** @param sendContext the handler that it belongs to; none for a bus of the whole process */
  constructor(options: LocalBusOptions, sendContext?: SendContext) {
    this.#options = options;
    this.#sendContext = sendContext;
  }

  /**
   * Calls every handler whose routing key matches, one after the other in the order of the configuration. One that fails
   * does not keep the event from the others.
   *
   * @param payload text, bytes or any value
   * @throws what the only handler that failed threw, or an AggregateError of several; LittoralError `invalid-key`, and
   * what makes a payload or metadata wrong
   */
  publish(routingKey: string, payload?: unknown, options: LocalSendOptions = {}): Promise<void> {
    const call = this.#publish(routingKey, payload, options);
    return (this.#sendContext ?? this.#options.pendingCalls).track(call);
  }

  async #publish(routingKey: string, payload: unknown, options: LocalSendOptions): Promise<void> {
    const issue = typeof routingKey === 'string' ? validateKey(routingKey) : 'is not a text';
    if (issue) throw new LittoralError('invalid-key', `The routing key ${issue}.`);
    const { registry, scopes, conversion } = this.#options;
    const message = localMessage(payload, options, conversion, this.#sendContext?.message);
    const deadline = this.#sendContext?.deadline ?? new NoDeadline();
    const errors: unknown[] = [];
    for (const handler of registry.eventHandlers(routingKey)) {
      try {
        await invokeInScope(handler, scopes.open({ message, deadline, endpointId: handler.endpointId }));
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} handlers of '${routingKey}' failed`);
  }
}
