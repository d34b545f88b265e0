import { type AwilixContainer, createContainer, InjectionMode, Lifetime, type Resolver } from 'awilix/browser';
import { LittoralError } from '../errors.ts';
import type { InvocationScope, InvocationScopes, ScopeOptions } from '../handler/invocation-scope.ts';
import type { ServiceDirectory } from '../parameter/services.ts';
import { describeValue } from '../text/describe-value.ts';
import { errorText } from '../text/error-chain.ts';
import { type BuiltInName, type BuiltInServices, isBuiltIn } from './built-in-services.ts';
import { CallScope, callOf } from './call-scope.ts';
import { disposerOf, disposerTimeoutMs, disposeServices, trackMaking } from './disposal.ts';

/** Registers the services of a configuration. */
export type RegisterServices = (container: AwilixContainer) => unknown;

/**
 * The services of the configuration. Singletons live as long as the process; scoped services live as long as one call
 * of a handler.
 */
export class ServiceContainer implements ServiceDirectory, InvocationScopes {
  readonly #builtIn: BuiltInServices;
  readonly #root: AwilixContainer;
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
    this.#trackDisposable();
  }

  #trackDisposable(): void {
    const disposable = [...this.#resolvers].filter(([, resolver]) => disposerOf(resolver) !== undefined);
    const kept: unknown[] = [Lifetime.SCOPED, Lifetime.SINGLETON];
    const transient = disposable.filter(([, { lifetime }]) => !kept.includes(lifetime)).map(([name]) => `'${name}'`);
    if (transient.length > 0) {
      throw invalid(
        `registers ${transient.join(', ')} with a disposer and without a lifetime, so that nothing would call it; add .scoped() or .singleton()`,
      );
    }
    for (const [name, resolver] of disposable) trackMaking(this.#root, name, resolver);
  }

  has(name: string): boolean {
    return this.#resolvers.has(name);
  }

  get names(): readonly string[] {
    return [...this.#resolvers.keys()];
  }

  open(call: ScopeOptions): InvocationScope {
    return new CallScope(call, this.#builtIn, this.#root, (name) => this.#isShared(name));
  }

  /**
   * Disposes the singletons, the last made first. What fails is logged.
   *
   * @param deadlineMs one that does not end takes at most half of the time that is left, so that all get their turn
   */
  async dispose(deadlineMs: number): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    const timeoutMs = () => Math.min(disposerTimeoutMs, Math.max(0, deadline - performance.now()) / 2);
    await disposeServices(this.#root, () => this.#builtIn.logger, timeoutMs);
  }

  /** Returns whether a service is the same for every call, so that it needs no scope. */
  #isShared(name: string, through: readonly string[] = []): boolean {
    // The services that littoral provides belong to the message, under any name.
    if (isBuiltIn(name) || through.includes(name)) return false;
    const resolver = this.#resolvers.get(name);
    if (resolver?.isLeakSafe !== true) return resolver?.lifetime === Lifetime.SINGLETON;
    const targets = aliasedBy(resolver);
    return targets?.every((target) => this.#isShared(target, [...through, name])) ?? false;
  }
}

/** In a scope, those of its call; in the root, where singletons are made, those of the process. */
function builtInResolvers(builtIn: BuiltInServices): Record<string, Resolver<unknown>> {
  const resolver = (name: BuiltInName, ofProcess: () => unknown) => ({
    resolve: (container: AwilixContainer) => callOf.get(container)?.[name] ?? ofProcess(),
    isLeakSafe: true,
  });
  return {
    distributedBus: resolver('distributedBus', () => builtIn.distributedBus()),
    commandBus: resolver('commandBus', () => builtIn.commandBus()),
    eventBus: resolver('eventBus', () => builtIn.eventBus()),
    logger: resolver('logger', () => builtIn.logger),
    message: resolver('message', () => {
      throw new LittoralError(
        'cannot-resolve',
        'A singleton has no message; register a service that needs one as scoped.',
      );
    }),
  };
}

function registerAll(container: AwilixContainer, register: RegisterServices): void {
  let result: unknown;
  try {
    result = register(container);
  } catch (cause) {
    throw invalid(`failed: ${errorText(cause)}`, cause);
  }
  if (result instanceof Promise) {
    // Left alone, its failure would end the process.
    result.catch(() => {});
    throw invalid('returns a promise; await what it needs at the top level of the configuration file');
  }
}

/**
 * Returns the names that an alias resolves: none for a value, which does not depend on the container;
 * undefined if they are unknown.
 */
function aliasedBy(resolver: Resolver<unknown>): readonly string[] | undefined {
  const targets: string[] = [];
  const notice = (name: string | symbol) => void targets.push(String(name));
  const cradle = new Proxy({}, { get: (_, name) => notice(name) });
  try {
    resolver.resolve({ resolve: notice, cradle } as unknown as AwilixContainer);
    return targets;
  } catch {
    return undefined;
  }
}

function invalid(issue: string, cause?: unknown): LittoralError {
  return new LittoralError('invalid-configuration', `The configuration's 'container' ${issue}.`, { cause });
}
