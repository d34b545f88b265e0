import type { Delivery } from '../engine/delivery.ts';
import type { CompleteRetries } from '../handler/retries.ts';
import type { Logger } from '../logger.ts';
import { describeMessage } from '../message/describe-message.ts';
import type { Failure } from './dead-letter.ts';
import { errorSnapshot } from './error-snapshot.ts';
import type { HandlerFailure } from './handler-result.ts';
import { retriesOf } from './retry-message.ts';
import { RetryPolicy } from './retry-policy.ts';
import { expiredBeforeRetry, type TimeToLive } from './time-to-live.ts';

/**
 * Decides whether a handler that failed is retried later or its message dead-lettered, and logs it.
 *
 * @param retries the retries of handlers without retries of their own
 */
export function decideFailure(
  delivery: Delivery,
  { error, handler, endpointId, attempts }: HandlerFailure,
  timeToLive: TimeToLive | undefined,
  { retries, logger }: { readonly retries?: CompleteRetries | undefined; readonly logger: Logger },
): Failure {
  const failure: Failure = { error, endpointId, attempts, expiresAtMs: timeToLive?.expiresAtMs };
  // A message that failed before a handler was found has no retries, and is logged where that happened.
  if (handler === undefined || retries === undefined) return failure;
  const { name, definition } = handler;
  const retryAfterMs = new RetryPolicy(retries, definition.retries).delayMs(error, retriesOf(delivery));
  const { message: reason, stackTrace } = errorSnapshot(error);
  const fields = { ...describeMessage(delivery.message), endpointId, handler: name, reason, attempts, stackTrace };
  if (retryAfterMs === undefined) {
    logger.error(fields, 'a handler failed: its message becomes a dead letter');
    return failure;
  }
  const late = expiredBeforeRetry(error, retryAfterMs, name, timeToLive);
  if (late !== undefined) {
    logger.error(fields, 'a handler failed, and its message expires before the retry: it becomes a dead letter');
    return { ...failure, error: late };
  }
  logger.warn({ ...fields, retryAfterMs }, 'a handler failed, and is retried later');
  return { ...failure, retryAfterMs };
}
