import type { Message } from '../message/message.ts';
import type { Invocation } from '../parameter/parameter-converter.ts';
import { isPromiseLike } from '../promise/maybe-promise.ts';

/** The signal for the end of a call: its time is over, or the process stops. */
interface CallDeadline {
  /** Aborted when the handler should end. It is created when it is first read. */
  readonly signal: AbortSignal;
}

/** The call that a scope is opened for. */
export interface ScopeOptions {
  readonly message: Message;
  readonly deadline: CallDeadline;
  /** Names the handler in the log; absent for a route. */
  readonly endpointId?: string | undefined;
  /** See `Invocation`. */
  readonly attempt?: number | undefined;
  /** See `Invocation`. */
  readonly expiresAtMs?: number | undefined;
  /** See `Invocation`. */
  readonly delivery?: Invocation['delivery'];
}

/**
 * The deadline of a call that nothing ends. Each has a signal of its own: the listeners that handlers add to a common
 * one would stay for the life of the process.
 */
export class NoDeadline implements CallDeadline {
  #signal: AbortSignal | undefined;

  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }
}

/** The invocation of one call of a handler, with what belongs to that call: its services, and its sends on the buses. */
export interface InvocationScope extends Invocation {
  /**
   * Waits for the sends that the handler did not await.
   *
   * @returns undefined when there is nothing to wait for
   * @throws the first error among them
   */
  settle(): Promise<void> | undefined;
  /**
   * Disposes the services of the call.
   *
   * @returns undefined when there are none. It never rejects: an error of a disposer cannot fail a call that succeeded
   */
  dispose(): Promise<void> | undefined;
}

export interface InvocationScopes {
  open(options: ScopeOptions): InvocationScope;
}

/**
 * Calls a handler within a scope, and disposes the scope's services. Stays synchronous where it has nothing to wait for.
 *
 * @returns the result of the handler, once everything that it sent is confirmed
 * @throws the error of the handler; else the first error of its sends
 */
export function invokeInScope(invoker: { invoke(scope: InvocationScope): unknown }, scope: InvocationScope): unknown {
  let result: unknown;
  try {
    result = invoker.invoke(scope);
    // The result can be anything, and reading it can throw.
    if (isPromiseLike(result)) return finish(result, scope);
  } catch (error) {
    return finish(Promise.reject(error), scope);
  }
  const settling = scope.settle();
  if (settling)
    return finish(
      settling.then(() => result),
      scope,
    );
  const disposing = scope.dispose();
  return disposing ? disposing.then(() => result) : result;
}

async function finish(work: PromiseLike<unknown>, scope: InvocationScope): Promise<unknown> {
  try {
    return await settled(work, scope);
  } finally {
    const disposing = scope.dispose();
    if (disposing) await disposing;
  }
}

async function settled(work: PromiseLike<unknown>, scope: InvocationScope): Promise<unknown> {
  let result: unknown;
  try {
    result = await work;
  } catch (error) {
    // The error of the handler is the cause of the others.
    await scope.settle()?.catch(() => {});
    throw error;
  }
  const settling = scope.settle();
  if (settling) await settling;
  return result;
}
