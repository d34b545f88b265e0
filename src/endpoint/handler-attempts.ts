import type { Delivery } from '../engine/delivery.ts';
import type { RegisteredHandler } from '../handler/handler-registry.ts';
import type { Retries } from '../handler/retries.ts';
import type { Logger } from '../logger.ts';
import { describeMessage } from '../message/describe-message.ts';
import type { Message } from '../message/message.ts';
import type { Handled } from '../recovery/around-delivery.ts';
import type { Failure } from '../recovery/dead-letter.ts';
import { describeThrown } from '../recovery/error-snapshot.ts';
import { attemptsOf, retriesOf } from '../recovery/moved-message.ts';
import { RetryPolicy } from '../recovery/retry-policy.ts';
import { calledInTime, expiredBeforeRetry, hasExpired, type TimeToLive } from '../recovery/time-to-live.ts';
import { duplicate } from './deduplicated-call.ts';
import { endedEarly, type HandlerCaller } from './handler-caller.ts';

export interface HandlerAttemptsOptions {
  readonly handlers: HandlerCaller;
  /** Of the service; a handler can differ. */
  readonly retries: Retries;
  /** Aborted when nothing is to be tried again at once. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

/** Calls handlers, again at once where their retries say so, and decides when those that failed are tried again. */
export class HandlerAttempts {
  readonly #options: HandlerAttemptsOptions;

  constructor(options: HandlerAttemptsOptions) {
    this.#options = options;
  }

  /**
   * @param handled where a handler that finished is noted
   * @param failures where one that failed is noted
   * @param timeToLive of the delivery
   * @returns false when the shutdown ended the handler early, or its last attempts: that is no failure
   */
  async call(
    handler: RegisteredHandler,
    message: Message,
    delivery: Delivery,
    handled: Handled[],
    failures: Failure[],
    timeToLive: TimeToLive | undefined,
  ): Promise<boolean> {
    const { handlers, logger } = this.#options;
    const { endpointId } = handler;
    const inTime = calledInTime(handler, timeToLive);
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await handlers.call(inTime, message);
        if (result === duplicate) return true;
        handled.push({ endpointId, result });
        if (logger.isLevelEnabled('debug')) logger.debug({ ...describeMessage(message), endpointId }, 'handled');
        return true;
      } catch (error) {
        if (error === endedEarly) return false;
        const failure = this.#failureOf(error, handler, delivery, attempt, timeToLive);
        if (failure === 'again at once') continue;
        if (failure === 'again elsewhere') return false;
        failures.push(failure);
        return true;
      }
    }
  }

  #failureOf(
    error: unknown,
    handler: RegisteredHandler,
    delivery: Delivery,
    attempt: number,
    timeToLive: TimeToLive | undefined,
  ): Failure | 'again at once' | 'again elsewhere' {
    const { retries, stopping, logger } = this.#options;
    const { endpointId, name } = handler;
    const policy = new RetryPolicy(retries, handler.definition.retries);
    const { message: reason, stackTrace } = describeThrown(error);
    const fields = { ...describeMessage(delivery.message), endpointId, reason };
    const isInstant = policy.isInstant(error, attempt - 1);
    if (isInstant && !stopping.aborted) {
      logger.warn(fields, `${name} failed, and is tried again at once`);
      return 'again at once';
    }
    const retryAfterMs = policy.delayMs(error, retriesOf(delivery));
    // It has attempts left, though none through the broker: a shutdown makes no dead letter.
    if (isInstant && retryAfterMs === undefined) {
      logger.warn(fields, `${name} failed, and is given back for what is left of its attempts`);
      return 'again elsewhere';
    }
    // A call that was not made is no attempt.
    const attempts = attemptsOf(delivery) + (hasExpired(error) ? attempt - 1 : attempt);
    const outcome = { ...fields, attempts, stackTrace };
    const late = retryAfterMs === undefined ? undefined : expiredBeforeRetry(error, retryAfterMs, name, timeToLive);
    if (late !== undefined) {
      logger.error(outcome, `${name} failed, and its message expires before the retry: it becomes a dead letter`);
      return { error: late, endpointId, attempts, expiresAtMs: timeToLive?.expiresAtMs };
    }
    if (retryAfterMs === undefined) logger.error(outcome, `${name} failed: its message becomes a dead letter`);
    else logger.warn({ ...outcome, retryAfterMs }, `${name} failed, and is tried again later`);
    return { error, endpointId, attempts, retryAfterMs, expiresAtMs: timeToLive?.expiresAtMs };
  }
}
