import type { Delivery } from '../engine/delivery.ts';
import type { RegisteredHandler } from '../handler/handler-registry.ts';
import type { InvocationScope } from '../handler/invocation-scope.ts';
import type { Message } from '../message/message.ts';
import type { MaybePromise } from '../promise/maybe-promise.ts';
import type { HandlerFailure, HandlerResult } from '../recovery/handler-result.ts';
import { attemptsOf } from '../recovery/retry-message.ts';
import type { TimeToLive } from '../recovery/time-to-live.ts';
import type { Next, Stage } from './stage.ts';

/** One handler to be called for one delivery. */
export interface HandlerCall {
  readonly handler: RegisteredHandler;
  readonly message: Message;
  readonly delivery: Delivery;
  /** The end of the delivery's time to live; undefined for one that does not expire. */
  readonly timeToLive: TimeToLive | undefined;
  /** Number of the attempt within this delivery, from 1. */
  readonly attempt: number;
}

/** One attempt, with what belongs to it alone. */
export interface ScopedCall extends HandlerCall {
  readonly scope: InvocationScope;
  /**
   * Calls a handler once for all copies of a message; undefined for a handler that is called for every copy. The outer
   * stage of the deduplication sets it: a call that is copied for each stage costs more than all stages.
   */
  deduplicated: { call(next: Next<ScopedCall, HandlerResult>): MaybePromise<HandlerResult> } | undefined;
}

/** A step of a handler call. It returns what failed, and does not throw. */
export type HandlerStage<Call extends HandlerCall = ScopedCall, Inner = Call> = Stage<Call, HandlerResult, Inner>;

/** Returns the result of a call that failed. @param calls number of times that the handler was called for this delivery */
export function failed(call: HandlerCall, error: unknown, calls = call.attempt): HandlerFailure {
  const { handler, delivery } = call;
  return { kind: 'failed', error, handler, endpointId: handler.endpointId, attempts: attemptsOf(delivery) + calls };
}
