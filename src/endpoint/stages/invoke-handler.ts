import { isPromiseLike, type MaybePromise } from '../../promise/maybe-promise.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { failed, type ScopedCall } from '../handler-call.ts';

/**
 * Calls the handler, the innermost step, and waits until the broker has confirmed what the handler sent without waiting
 * for it. A handler can return or throw any value, and reading it can throw.
 */
export function invokeHandler(call: ScopedCall): MaybePromise<HandlerResult> {
  const { endpointId } = call.handler;
  try {
    const value = call.handler.invoke(call.scope);
    if (!isPromiseLike(value)) return confirmSends(call, { kind: 'handled', endpointId, value });
    return Promise.resolve(value).then(
      (value) => confirmSends(call, { kind: 'handled', endpointId, value }),
      (error) => confirmSends(call, failed(call, error)),
    );
  } catch (error) {
    return confirmSends(call, failed(call, error));
  }
}

/** Returns the result of a handler once its sends are confirmed: a handler whose send failed has failed. */
function confirmSends(call: ScopedCall, result: HandlerResult): MaybePromise<HandlerResult> {
  const settling = call.scope.settle();
  if (settling === undefined) return result;
  return settling.then(
    () => result,
    // The error of the handler says more than what follows from it.
    (error) => (result.kind === 'failed' ? result : failed(call, error)),
  );
}
