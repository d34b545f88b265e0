import {
  type AwilixContainer,
  AwilixResolutionError,
  createContainer,
  InjectionMode,
  Lifetime,
  type Resolver,
} from 'awilix';
import type { CommandBus } from './bus/command-bus.ts';
import type { EventBus } from './bus/event-bus.ts';
import type { Origin } from './bus/origin.ts';
import { SentCalls } from './bus/sent-calls.ts';
import { describeValue } from './conversion/describe-value.ts';
import type { DistributedBus } from './distribution/distributed-bus.ts';
import { LittoralError, messageOf } from './errors.ts';
import type { HandlerCall, InvocationScope, InvocationScopes } from './handler/invocation-scope.ts';
import type { Logger } from './logger.ts';
import type { Message } from './message/message.ts';
import { Header } from './message/message-headers.ts';
import type { ServiceDirectory, Services } from './parameter/services.ts';

declare module './parameter/references.ts' {
  interface References {
    /** In a handler, what is sent follows from its message: it inherits that message's headers and correlation id. */
    readonly distributedBus: DistributedBus;
    /** Calls handlers of this process. In a handler, as `distributedBus`. */
    readonly commandBus: CommandBus;
    /** Calls handlers of this process. In a handler, as `distributedBus`. */
    readonly eventBus: EventBus;
    /** The message in hand. */
    readonly message: Message;
    /** In a handler, a logger that names its message. */
    readonly logger: Logger;
  }
}

/** What littoral registers itself: of the whole process, and for one handler. */
export interface BuiltInServices {
  readonly logger: Logger;
  distributedBus(origin?: Origin): DistributedBus;
  commandBus(origin?: Origin): CommandBus;
  eventBus(origin?: Origin): EventBus;
}

/** Registers the services of a configuration. */
export type RegisterServices = (container: AwilixContainer) => unknown;

const scopeOf = Symbol('the call that a container belongs to');

type ScopedContainer = AwilixContainer & { [scopeOf]?: CallScope };

/**
 * The services of the configuration. Singletons live as long as the process; what is scoped, as long as one call of a
 * handler.
 */
export class ServiceContainer implements ServiceDirectory, InvocationScopes {
  readonly #builtIn: BuiltInServices;
  readonly #root: ScopedContainer;
  readonly #resolvers: ReadonlyMap<string, Resolver<unknown>>;

  /** @throws LittoralError `invalid-configuration` when the services cannot be registered */
  constructor(register: RegisterServices | undefined, builtIn: BuiltInServices) {
    this.#builtIn = builtIn;
    this.#root = createContainer({ injectionMode: InjectionMode.PROXY, strict: true });
    const own = builtInResolvers(builtIn);
    this.#root.register(own);
    if (register) registerAll(this.#root, register);
    this.#resolvers = new Map(Object.entries(this.#root.registrations));
    for (const [name, resolver] of this.#resolvers) {
      if (typeof resolver?.resolve !== 'function') {
        throw invalid(`registers '${name}' as ${describeValue(resolver)}; wrap it in asClass, asFunction or asValue`);
      }
    }
    const taken = Object.keys(own).filter((name) => this.#resolvers.get(name) !== own[name]);
    if (taken.length > 0) throw invalid(`registers ${taken.join(', ')}, which littoral provides; choose another name`);
  }

  has(name: string): boolean {
    return this.#resolvers.has(name);
  }

  get names(): readonly string[] {
    return [...this.#resolvers.keys()];
  }

  open(call: HandlerCall): InvocationScope {
    return new CallScope(call, this.#builtIn, this.#root, (name) => this.#isShared(name));
  }

  /** Disposes the singletons. */
  async dispose(): Promise<void> {
    await this.#root.dispose();
  }

  /** Whether a service is the same for every call, so that no scope is needed for it. */
  #isShared(name: string): boolean {
    const resolver = this.#resolvers.get(name);
    if (resolver?.isLeakSafe !== true) return resolver?.lifetime === Lifetime.SINGLETON;
    const target = aliasedBy(resolver);
    return target === undefined || this.#isShared(target);
  }
}

/** One call of a handler, with the services that belong to it. */
class CallScope implements InvocationScope, Services, Origin {
  readonly message: Message;
  readonly time: HandlerCall['time'];
  readonly services = this;
  readonly #call: HandlerCall;
  readonly #builtIn: BuiltInServices;
  readonly #root: AwilixContainer;
  readonly #isShared: (name: string) => boolean;
  #container: ScopedContainer | undefined;
  #sent: SentCalls | undefined;
  #distributedBus: DistributedBus | undefined;
  #commandBus: CommandBus | undefined;
  #eventBus: EventBus | undefined;
  #logger: Logger | undefined;

  constructor(call: HandlerCall, builtIn: BuiltInServices, root: AwilixContainer, isShared: (name: string) => boolean) {
    this.message = call.message;
    this.time = call.time;
    this.#call = call;
    this.#builtIn = builtIn;
    this.#root = root;
    this.#isShared = isShared;
  }

  get signal(): AbortSignal {
    return this.time.signal;
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
      endpoint: this.#call.endpointId,
    });
    return this.#logger;
  }

  resolve(name: string): unknown {
    if (isBuiltIn(name)) return this[name];
    try {
      return (this.#isShared(name) ? this.#root : this.#ownContainer()).resolve(name);
    } catch (error) {
      if (!(error instanceof AwilixResolutionError)) throw error;
      throw new LittoralError('cannot-resolve', `The service '${name}' cannot be made: ${error.message}`, {
        cause: error,
      });
    }
  }

  track<Result>(call: Promise<Result>): Promise<Result> {
    this.#sent ??= new SentCalls();
    return this.#sent.track(call);
  }

  close(): Promise<void> | undefined {
    if (this.#container === undefined && (this.#sent?.isEmpty ?? true)) return undefined;
    return this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.#sent?.settle();
    } finally {
      await this.#container?.dispose();
    }
  }

  #ownContainer(): AwilixContainer {
    if (this.#container === undefined) {
      this.#container = this.#root.createScope();
      this.#container[scopeOf] = this;
    }
    return this.#container;
  }
}

const builtInNames = ['distributedBus', 'commandBus', 'eventBus', 'message', 'logger'] as const;

function isBuiltIn(name: string): name is (typeof builtInNames)[number] {
  return (builtInNames as readonly string[]).includes(name);
}

/** In a scope, those of its call; in the root, where singletons are made, those of the process. */
function builtInResolvers(builtIn: BuiltInServices): Record<string, Resolver<unknown>> {
  const resolver = <Name extends (typeof builtInNames)[number]>(name: Name, ofProcess: () => unknown) => ({
    resolve: (container: AwilixContainer) => (container as ScopedContainer)[scopeOf]?.[name] ?? ofProcess(),
    isLeakSafe: true,
  });
  return {
    distributedBus: resolver('distributedBus', () => builtIn.distributedBus()),
    commandBus: resolver('commandBus', () => builtIn.commandBus()),
    eventBus: resolver('eventBus', () => builtIn.eventBus()),
    logger: resolver('logger', () => builtIn.logger),
    message: resolver('message', () => {
      throw new LittoralError('cannot-resolve', 'A singleton has no message; register what needs one as scoped.');
    }),
  };
}

function registerAll(container: AwilixContainer, register: RegisterServices): void {
  let result: unknown;
  try {
    result = register(container);
  } catch (cause) {
    throw invalid(`failed: ${messageOf(cause)}`, cause);
  }
  if (result instanceof Promise) {
    // Left alone, its failure would end the process.
    result.catch(() => {});
    throw invalid('returns a promise; wait for what it needs before, at the top level of the configuration file');
  }
}

/** The name that an alias stands for. A value takes no notice of the container that it is asked with. */
function aliasedBy(resolver: Resolver<unknown>): string | undefined {
  let target: string | undefined;
  const noticing = {
    resolve(name: string) {
      target = name;
    },
  };
  resolver.resolve(noticing as unknown as AwilixContainer);
  return target;
}

function invalid(fault: string, cause?: unknown): LittoralError {
  return new LittoralError('invalid-configuration', `The configuration's 'container' ${fault}.`, { cause });
}
