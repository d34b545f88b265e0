import type { InvocationScopes } from '../handler/invocation-scope.ts';
import type { CompleteRetries } from '../handler/retries.ts';
import type { Logger } from '../logger.ts';
import type { HandlerResult } from '../recovery/handler-result.ts';
import type { HandlerCall, HandlerStage, ScopedCall } from './handler-call.ts';
import { compose, type Next } from './stage.ts';
import type { Deduplication } from './stages/deduplication.ts';
import { enforceDeadline } from './stages/enforce-deadline.ts';
import { type EnterGateOptions, enterGate } from './stages/enter-gate.ts';
import { invokeHandler } from './stages/invoke-handler.ts';
import { logHandled } from './stages/log-handled.ts';
import { OpenScope } from './stages/open-scope.ts';
import { refuseExpired } from './stages/refuse-expired.ts';
import { retryInstantly } from './stages/retry-instantly.ts';

export interface PipelineOptions {
  readonly scopes: InvocationScopes;
  /** The time of a handler without its own. */
  readonly handlerTimeoutMs: number;
  /** The retries of handlers without retries of their own. */
  readonly retries: CompleteRetries;
  /** Default: handlers are called for every copy of a message. */
  readonly deduplication?: Deduplication | undefined;
  /** Default: no handler has a gate. */
  readonly gates?: Omit<EnterGateOptions, 'stopping'> | undefined;
  /** Aborted when nothing is to be retried immediately any more. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
  /** Steps around each call of a handler. Default: none. */
  readonly callStages?: readonly HandlerStage<HandlerCall>[] | undefined;
}

/** The steps of every handler call. */
export interface Pipeline {
  /** Calls one handler for one delivery. It stays synchronous where the handler is. */
  readonly call: Next<HandlerCall, HandlerResult>;
  /** Aborts the signals of the handlers, so that they can end early, and ends the waiting for copies. */
  stop(): void;
}

/** Composes the steps once for an endpoint, the outermost first. A step that is not configured is not among them. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { callStages = [], deduplication, gates, handlerTimeoutMs, logger, stopping } = options;
  const openScope = new OpenScope(options.scopes, gates?.consumption.deliveries);

  const attempt = compose<ScopedCall, HandlerResult>(
    [deduplication?.record, enforceDeadline(handlerTimeoutMs), deduplication?.lookUp, refuseExpired],
    invokeHandler,
  );
  const call = compose<HandlerCall, HandlerResult>(
    [logHandled(logger), retryInstantly(options), gates && enterGate({ ...gates, stopping }), ...callStages],
    (call) => openScope.stage(call, attempt),
  );

  return {
    call,
    stop() {
      openScope.stop();
      deduplication?.stop();
    },
  };
}
