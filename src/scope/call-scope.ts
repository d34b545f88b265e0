import { type AwilixContainer, AwilixResolutionError } from 'awilix/browser';
import type { CommandBus } from '../bus/command-bus.ts';
import type { DistributedBus } from '../bus/distributed-bus.ts';
import type { EventBus } from '../bus/event-bus.ts';
import { PendingSends } from '../bus/pending-sends.ts';
import type { SendContext } from '../bus/send-context.ts';
import { LittoralError } from '../errors.ts';
import type { InvocationScope, ScopeOptions } from '../handler/invocation-scope.ts';
import type { Logger } from '../logger.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { ownMessage } from '../parameter/message.ts';
import type { Services } from '../parameter/services.ts';
import { errorText } from '../text/error-chain.ts';
import { type BuiltInServices, isBuiltIn } from './built-in-services.ts';
import { disposeServices } from './disposal.ts';

/** One call of a handler, with the services that belong to it. */
export class CallScope implements InvocationScope, Services, SendContext {
  readonly message: Message;
  readonly deadline: ScopeOptions['deadline'];
  readonly services = this;
  readonly #call: ScopeOptions;
  readonly #builtIn: BuiltInServices;
  readonly #root: AwilixContainer;
  readonly #isShared: (name: string) => boolean;
  #container: AwilixContainer | undefined;
  #sent: PendingSends | undefined;
  #closed = false;
  #distributedBus: DistributedBus | undefined;
  #commandBus: CommandBus | undefined;
  #eventBus: EventBus | undefined;
  #logger: Logger | undefined;

  constructor(
    call: ScopeOptions,
    builtIn: BuiltInServices,
    root: AwilixContainer,
    isShared: (name: string) => boolean,
  ) {
    this.message = call.message;
    this.deadline = call.deadline;
    this.#call = call;
    this.#builtIn = builtIn;
    this.#root = root;
    this.#isShared = isShared;
  }

  get signal(): AbortSignal {
    return this.deadline.signal;
  }

  get attempt(): number | undefined {
    return this.#call.attempt;
  }

  get expiresAtMs(): number | undefined {
    return this.#call.expiresAtMs;
  }

  get delivery(): ScopeOptions['delivery'] {
    return this.#call.delivery;
  }

  get distributedBus(): DistributedBus {
    this.#distributedBus ??= this.#builtIn.distributedBus(this);
    return this.#distributedBus;
  }

  get commandBus(): CommandBus {
    this.#commandBus ??= this.#builtIn.commandBus(this);
    return this.#commandBus;
  }

  get eventBus(): EventBus {
    this.#eventBus ??= this.#builtIn.eventBus(this);
    return this.#eventBus;
  }

  get logger(): Logger {
    const { headers } = this.message;
    this.#logger ??= this.#builtIn.logger.child({
      messageId: headers[Header.id],
      correlationId: headers[Header.correlationId],
      routingKey: headers[Header.routingKey],
      endpointId: this.#call.endpointId,
    });
    return this.#logger;
  }

  resolve(name: string): unknown {
    if (name === 'message') return ownMessage(this.message);
    if (isBuiltIn(name)) return this[name];
    try {
      return this.#isShared(name) ? resolveShared(this.#root, name) : this.#ownContainer().resolve(name);
    } catch (error) {
      if (!(error instanceof AwilixResolutionError)) throw error;
      throw new LittoralError('cannot-resolve', `The service '${name}' cannot be made: ${error.message}`, {
        cause: error,
      });
    }
  }

  track<Result>(call: Promise<Result>): Promise<Result> {
    if (this.#closed) return this.#late(call);
    this.#sent ??= new PendingSends();
    return this.#sent.track(call);
  }

  /** Sent after the handler had ended, it can fail nothing any more. */
  #late<Result>(call: Promise<Result>): Promise<Result> {
    call.catch((error) => {
      this.logger.error({ reason: errorText(error) }, 'what a handler sent after its end failed');
    });
    return call;
  }

  settle(): Promise<void> | undefined {
    if (this.#sent?.isEmpty === false) return this.#settle(this.#sent);
    this.#closed = true;
    return undefined;
  }

  async #settle(sent: PendingSends): Promise<void> {
    try {
      await sent.settle();
    } finally {
      this.#closed = true;
    }
  }

  dispose(): Promise<void> | undefined {
    return this.#container && disposeServices(this.#container, () => this.logger);
  }

  #ownContainer(): AwilixContainer {
    if (this.#container === undefined) {
      this.#container = this.#root.createScope();
      callOf.set(this.#container, this);
    }
    return this.#container;
  }
}

/**
 * Resolves a singleton. One whose asynchronous factory has failed is removed, so that the next call creates it again.
 */
function resolveShared(root: AwilixContainer, name: string): unknown {
  const service: unknown = root.resolve(name);
  if (service instanceof Promise) {
    service.catch(() => {
      if (root.cache.get(name)?.value === service) root.cache.delete(name);
    });
  }
  return service;
}

/** The calls that containers belong to. The root, in which singletons are made, belongs to none. */
export const callOf = new WeakMap<AwilixContainer, CallScope>();
