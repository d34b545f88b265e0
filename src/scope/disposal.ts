import type { AwilixContainer, DisposableResolver, Resolver } from 'awilix/browser';
import type { Logger } from '../logger.ts';
import { isPromiseLike } from '../promise/maybe-promise.ts';
import { errorText } from '../text/error-chain.ts';
import { completesWithin } from '../time/timeout.ts';

/** How long a disposer may take before the next one is called, in milliseconds. */
export const disposerTimeoutMs = 5_000;

/** When each service of a container was made. */
const made = new WeakMap<AwilixContainer, Map<string, MakingTime>>();

/** The place in the order of making; an asynchronous factory has made nothing before its promise is fulfilled. */
type MakingTime = number | 'pending' | 'failed';

let count = 0;

/** @returns the disposer of a service, if it has one */
export function disposerOf(resolver: Resolver<unknown>): ((service: unknown) => unknown) | undefined {
  const { dispose } = resolver as Partial<DisposableResolver<unknown>>;
  return typeof dispose === 'function' ? (service) => dispose.call(resolver, service) : undefined;
}

/** Registers the service again such that its container knows when it was made. */
export function trackMaking(container: AwilixContainer, name: string, resolver: Resolver<unknown>): void {
  container.register(name, {
    ...resolver,
    resolve<Cradle extends object>(owner: AwilixContainer<Cradle>) {
      const service = resolver.resolve(owner);
      noteMaking(owner, name, service);
      return service;
    },
  });
}

function noteMaking(owner: AwilixContainer, name: string, service: unknown): void {
  const times = made.get(owner) ?? new Map<string, MakingTime>();
  made.set(owner, times);
  if (!(service instanceof Promise)) {
    times.set(name, count++);
    return;
  }
  times.set(name, 'pending');
  service.then(
    () => times.set(name, count++),
    () => times.set(name, 'failed'),
  );
}

/**
 * Disposes the services that a container has made, the last one first: what depends on a service was made after it.
 * Each disposer is waited for. What fails, or does not end, is logged.
 *
 * @param timeoutMs how long the next disposer may take. Default: `disposerTimeoutMs`
 * @returns undefined when nothing has a disposer. It never rejects
 */
export function disposeServices(
  container: AwilixContainer,
  logger: () => Logger,
  timeoutMs: () => number = () => disposerTimeoutMs,
): Promise<void> | undefined {
  return made.has(container) ? disposeInOrder(container, logger, timeoutMs) : undefined;
}

async function disposeInOrder(
  container: AwilixContainer,
  logger: () => Logger,
  timeoutMs: () => number,
): Promise<void> {
  const disposed = new Set<string>();
  // Until all are disposed, the container keeps them: a disposer may ask for what its service depends on.
  for (let name = lastMade(container, disposed); name !== undefined; name = lastMade(container, disposed)) {
    disposed.add(name);
    await disposeService(container, name, logger, timeoutMs());
  }
  container.cache.clear();
}

/** The name of the service that was made last among those which have a disposer and were not disposed. */
function lastMade(container: AwilixContainer, disposed: ReadonlySet<string>): string | undefined {
  const times = made.get(container) ?? new Map<string, MakingTime>();
  let last: { name: string; place: number } | undefined;
  for (const [name, time] of times) {
    if (disposed.has(name) || !container.cache.has(name) || time === 'failed') continue;
    const place = time === 'pending' ? Number.POSITIVE_INFINITY : time;
    if (last === undefined || place > last.place) last = { name, place };
  }
  return last?.name;
}

async function disposeService(
  container: AwilixContainer,
  name: string,
  logger: () => Logger,
  timeoutMs: number,
): Promise<void> {
  const entry = container.cache.get(name);
  const dispose = entry && disposerOf(entry.resolver);
  if (entry === undefined || dispose === undefined) return;
  try {
    const disposing =
      made.get(container)?.get(name) === 'pending' ? whenMade(entry.value, dispose) : dispose(entry.value);
    if (isPromiseLike(disposing) && !(await completesWithin(timeoutMs, Promise.resolve(disposing)))) {
      logger().error({ disposer: name, timeoutMs }, 'a disposer did not finish in time');
    }
  } catch (error) {
    logger().error({ disposer: name, reason: errorText(error) }, 'a disposer failed');
  }
}

/**
 * Disposes a service once its factory has succeeded. If the factory failed, the caller that resolved it has the error.
 */
async function whenMade(service: Promise<unknown>, dispose: (service: unknown) => unknown): Promise<void> {
  const isMade = await service.then(
    () => true,
    () => false,
  );
  if (isMade) await dispose(service);
}
