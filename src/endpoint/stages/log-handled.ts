import type { Logger } from '../../logger.ts';
import { describeMessage } from '../../message/describe-message.ts';
import { andThen } from '../../promise/maybe-promise.ts';
import type { HandlerCall, HandlerStage } from '../handler-call.ts';

/** Logs each handler that finished, at debug. Failures are logged where their recovery is decided. */
export function logHandled(logger: Logger): HandlerStage<HandlerCall> {
  return (call, next) => {
    if (!logger.isLevelEnabled('debug')) return next(call);
    return andThen(next(call), (result) => {
      if (result.kind === 'handled') {
        logger.debug({ ...describeMessage(call.message), endpointId: result.endpointId }, 'handled');
      }
      return result;
    });
  };
}
