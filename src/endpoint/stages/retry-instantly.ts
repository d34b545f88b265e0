import type { CompleteRetries } from '../../handler/retries.ts';
import type { Logger } from '../../logger.ts';
import { describeMessage } from '../../message/describe-message.ts';
import { andThen } from '../../promise/maybe-promise.ts';
import { errorSnapshot } from '../../recovery/error-snapshot.ts';
import type { HandlerFailure, HandlerResult } from '../../recovery/handler-result.ts';
import { retriesOf } from '../../recovery/retry-message.ts';
import { RetryPolicy } from '../../recovery/retry-policy.ts';
import type { HandlerCall, HandlerStage } from '../handler-call.ts';
import type { Next } from '../stage.ts';

export interface RetryInstantlyOptions {
  /** The retries of handlers without retries of their own. */
  readonly retries: CompleteRetries;
  /** Aborted when nothing is to be retried immediately any more. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

/** Calls a handler that failed again immediately, as often as its retries say. */
export function retryInstantly({ retries, stopping, logger }: RetryInstantlyOptions): HandlerStage<HandlerCall> {
  const decide = (call: HandlerCall, failure: HandlerFailure): 'retry' | HandlerResult => {
    const { handler, delivery, attempt } = call;
    const { error, endpointId } = failure;
    const policy = new RetryPolicy(retries, handler.definition.retries);
    if (!policy.isInstant(error, attempt - 1)) return failure;
    const fields = {
      ...describeMessage(delivery.message),
      endpointId,
      handler: handler.name,
      reason: errorSnapshot(error).message,
    };
    if (!stopping.aborted) {
      logger.warn(fields, 'a handler failed, and is retried immediately');
      return 'retry';
    }
    if (policy.delayMs(error, retriesOf(delivery)) !== undefined) return failure;
    // It has attempts left, though none through the broker: a shutdown makes no dead letter.
    logger.warn(fields, 'a handler failed, and its message is requeued for the attempts that are left');
    return { kind: 'interrupted' };
  };

  /** A loop, because 1000 nested calls would not fit into the stack. */
  const retry = async (first: HandlerCall, failure: HandlerFailure, next: Next<HandlerCall, HandlerResult>) => {
    let call = first;
    for (let result: HandlerResult = failure; ; ) {
      const decided = result.kind === 'failed' ? decide(call, result) : result;
      if (decided !== 'retry') return decided;
      call = { ...call, attempt: call.attempt + 1 };
      result = await next(call);
    }
  };

  return (call, next) =>
    andThen(next(call), (result) => (result.kind === 'failed' ? retry(call, result, next) : result));
}
