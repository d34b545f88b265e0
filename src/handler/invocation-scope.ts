import { isThenable } from '../is-thenable.ts';
import type { Message } from '../message/message.ts';
import type { Invocation } from '../parameter/parameter-converter.ts';

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
   * Ends the call: waits for what it sent without waiting for it, then disposes its services.
   *
   * @returns undefined when there is nothing to end
   * @throws the first error among them
   */
  close(): Promise<void> | undefined;
}

/** What is called within a scope: a `MethodInvoker`, or what stands around one. */
export interface InvokedInScope {
  invoke(scope: InvocationScope): unknown;
}

export interface InvocationScopes {
  open(call: HandlerCall): InvocationScope;
}

/**
 * Calls a handler within a scope, and ends the scope with it. At once, where nothing has to be waited for.
 *
 * @returns what the handler returned, when also all that it sent has been confirmed; a promise of it where one of them is
 * asynchronous
 * @throws what the handler threw; else what ending the scope throws
 */
export function invokeInScope(invoker: InvokedInScope, scope: InvocationScope): unknown {
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
  const closing = scope.close();
  return closing ? closing.then(() => result) : result;
}

async function finished(work: PromiseLike<unknown>, scope: InvocationScope): Promise<unknown> {
  let result: unknown;
  try {
    result = await work;
  } catch (error) {
    return failed(error, scope);
  }
  await scope.close();
  return result;
}

/** The error of the handler says more than what follows from it. */
function failed(error: unknown, scope: InvocationScope): Promise<never> {
  const fail = () => Promise.reject(error);
  const closing = scope.close();
  if (closing) return closing.then(fail, fail);
  throw error;
}
