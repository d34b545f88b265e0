import { LittoralError } from '../errors.ts';
import type { RegisteredHandler } from '../handler/handler-registry.ts';
import { callInScope, type InvocationScope, type InvocationScopes } from '../handler/invocation-scope.ts';
import type { Message } from '../message/message.ts';
import { isThenable } from '../promise/maybe-promise.ts';
import type { Deduplication } from './deduplication.ts';
import { HandlerDeadline } from './handler-deadline.ts';
import { HandlerTime } from './handler-time.ts';

/** What a call rejects with when its handler heard of the shutdown and ended early: the message comes again. */
export const endedEarly = new Error('ended early');

/** Calls handlers, each in a scope of its own and within its time. */
export class HandlerCaller {
  readonly #scopes: InvocationScopes;
  readonly #timeoutMs: number;
  /** By their length. */
  readonly #deadlines = new Map<number, HandlerDeadline>();
  readonly #deduplication: Deduplication | undefined;
  /** The time of those whose handlers want to hear of its end. */
  readonly #heard = new Set<HandlerTime>();
  #shutdown: Error | undefined;

  /**
   * @param timeoutMs after which a handler has failed that has no time of its own
   * @param deduplication default: a handler is called for every copy of a message
   */
  constructor(scopes: InvocationScopes, timeoutMs: number, deduplication?: Deduplication) {
    this.#scopes = scopes;
    this.#timeoutMs = timeoutMs;
    this.#deduplication = deduplication;
  }

  /**
   * @returns what the handler returned; `duplicate` where it was not called, for it has handled a copy of the message
   * @throws what the handler throws, LittoralError `handler-timeout`: it must not hold its place for ever, or
   * `deduplication-unavailable`; or `endedEarly`
   */
  async call(handler: RegisteredHandler, message: Message): Promise<unknown> {
    const time = new HandlerTime(this.#heard, this.#shutdown);
    const { endpointId } = handler;
    const call = this.#deduplication?.callOf(handler, message);
    const scope = this.#scopes.open({ message, endpointId, time });
    let late: PromiseLike<unknown> | undefined;
    try {
      let result = callInScope(call ?? handler, scope);
      if (isThenable(result)) {
        const { timeoutMs = this.#timeoutMs } = handler.definition;
        if (!(await this.#deadlineOf(timeoutMs).wait(result))) {
          late = result;
          throw new LittoralError('handler-timeout', `${handler.name} did not finish within ${timeoutMs} ms.`);
        }
        result = await result;
      }
      const recording = call?.record();
      if (recording) await recording;
      return result;
    } catch (error) {
      call?.end(false);
      if (this.#shutdown && time.endedBy(error)) throw endedEarly;
      time.end(error);
      throw error;
    } finally {
      const disposing = disposed(scope, late);
      if (disposing) await disposing;
      time.close();
    }
  }

  /** Tells all handlers, those that are yet to be called as well, that the gateway must stop. */
  stop(): void {
    this.#shutdown = new DOMException('The gateway is shutting down.', 'AbortError');
    for (const time of this.#heard) time.end(this.#shutdown);
    this.#deduplication?.stop(endedEarly);
  }

  #deadlineOf(timeoutMs: number): HandlerDeadline {
    let deadline = this.#deadlines.get(timeoutMs);
    if (deadline === undefined) {
      deadline = new HandlerDeadline(timeoutMs);
      this.#deadlines.set(timeoutMs, deadline);
    }
    return deadline;
  }
}

/**
 * Disposes the services of a call, for which its time does not count.
 *
 * @param late the call where its time is over: it uses its services as long as it goes on, and is not waited for
 */
function disposed(scope: InvocationScope, late: PromiseLike<unknown> | undefined): Promise<void> | undefined {
  if (late === undefined) return scope.dispose();
  const dispose = () => void scope.dispose();
  late.then(dispose, dispose);
  return undefined;
}
