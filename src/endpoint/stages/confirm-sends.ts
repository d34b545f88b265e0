import { andThen } from '../../promise/maybe-promise.ts';
import { failed, type HandlerStage } from '../handler-call.ts';

/**
 * Waits until the broker has confirmed what the handler sent without waiting for it: a handler whose send failed has
 * failed.
 */
export const confirmSends: HandlerStage = (call, next) =>
  andThen(next(call), (result) => {
    const settling = call.scope.settle();
    if (settling === undefined) return result;
    return settling.then(
      () => result,
      // The error of the handler says more than what follows from it.
      (error) => (result.kind === 'failed' ? result : failed(call, error)),
    );
  });
