import { isPromiseLike, type MaybePromise } from '../../promise/maybe-promise.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { failed, type ScopedCall } from '../handler-call.ts';

/** Calls the handler: the innermost step. What a handler returns or throws can be anything, and reading it can throw. */
export function invokeHandler(call: ScopedCall): MaybePromise<HandlerResult> {
  const { endpointId } = call.handler;
  try {
    const value = call.handler.invoke(call.scope);
    if (!isPromiseLike(value)) return { kind: 'handled', endpointId, value };
    return Promise.resolve(value).then(
      (value): HandlerResult => ({ kind: 'handled', endpointId, value }),
      (error) => failed(call, error),
    );
  } catch (error) {
    return failed(call, error);
  }
}
