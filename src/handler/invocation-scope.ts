import type { Message } from '../message/message.ts';
import type { Invocation } from '../parameter/parameter-converter.ts';
import { isThenable } from '../promise/maybe-promise.ts';

/** One call of a handler, for what is made for it alone. */
export interface HandlerCall {
  readonly message: Message;
  /** Whose signal is aborted when the handler should come to its end. It is made when somebody asks for it. */
  readonly time: { readonly signal: AbortSignal };
  /** Names the handler in the log; absent for a route. */
  readonly endpointId?: string | undefined;
}

/**
 * The time of a call that nobody ends. Its signal is one of its own: what handlers add to a common one would stay for
 * the life of the process.
 */
export class UnlimitedTime {
  #signal: AbortSignal | undefined;

  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }
}

/** The invocation of one call of a handler, and what belongs to that call: its services, and what it sent on the buses. */
export interface InvocationScope extends Invocation {
  /**
   * Ends the sending: waits for what was sent without waiting for it.
   *
   * @returns undefined when there is nothing to wait for
   * @throws the first error among them
   */
  settle(): Promise<void> | undefined;
  /**
   * Disposes the services of the call.
   *
   * @returns undefined when there are none. It never rejects: what a disposer does cannot fail a call that has succeeded
   */
  dispose(): Promise<void> | undefined;
}

/** What is called within a scope: a `MethodInvoker`, or what stands around one. */
export interface InvokedInScope {
  invoke(scope: InvocationScope): unknown;
}

export interface InvocationScopes {
  open(call: HandlerCall): InvocationScope;
}

/**
 * Calls a handler within a scope, and disposes the scope's services. At once, where nothing has to be waited for.
 *
 * @returns as `callInScope`
 * @throws as `callInScope`
 */
export function invokeInScope(invoker: InvokedInScope, scope: InvocationScope): unknown {
  let result: unknown;
  try {
    result = callInScope(invoker, scope);
    if (isThenable(result)) return thenDisposed(result, scope);
  } catch (error) {
    return thenDisposed(Promise.reject(error), scope);
  }
  const disposing = scope.dispose();
  return disposing ? disposing.then(() => result) : result;
}

async function thenDisposed(work: PromiseLike<unknown>, scope: InvocationScope): Promise<unknown> {
  try {
    return await work;
  } finally {
    const disposing = scope.dispose();
    if (disposing) await disposing;
  }
}

/**
 * Calls a handler within a scope, whose services the caller disposes when the call is over.
 *
 * @returns what the handler returned, when also all that it sent has been confirmed; a promise of it where one of them is
 * asynchronous
 * @throws what the handler threw; else the first error of what it sent
 */
export function callInScope(invoker: InvokedInScope, scope: InvocationScope): unknown {
  let result: unknown;
  let isPending: boolean;
  try {
    result = invoker.invoke(scope);
    // What it returned can be anything, and looking at it can throw.
    isPending = isThenable(result);
  } catch (error) {
    return failed(error, scope);
  }
  if (isPending) return finished(result as PromiseLike<unknown>, scope);
  const settling = scope.settle();
  return settling ? settling.then(() => result) : result;
}

async function finished(work: PromiseLike<unknown>, scope: InvocationScope): Promise<unknown> {
  let result: unknown;
  try {
    result = await work;
  } catch (error) {
    return failed(error, scope);
  }
  const settling = scope.settle();
  if (settling) await settling;
  return result;
}

/** The error of the handler says more than what follows from it. */
async function failed(error: unknown, scope: InvocationScope): Promise<never> {
  try {
    await scope.settle();
  } catch {
    // See above.
  }
  throw error;
}
