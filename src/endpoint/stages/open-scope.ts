import { TurnoverSet } from '../../collection/turnover-set.ts';
import type { InvocationScope, InvocationScopes } from '../../handler/invocation-scope.ts';
import { andThen, type MaybePromise } from '../../promise/maybe-promise.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { attemptsOf } from '../../recovery/retry-message.ts';
import { CallSignal } from '../call-signal.ts';
import type { GatedDeliveries } from '../gated-deliveries.ts';
import type { HandlerCall, HandlerStage, ScopedCall } from '../handler-call.ts';

/**
 * Opens a scope for each attempt, with services and an abort signal of its own, and disposes the services afterwards. A
 * class, because it knows the signals that the shutdown aborts.
 */
export class OpenScope {
  readonly #scopes: InvocationScopes;
  readonly #gated: GatedDeliveries | undefined;
  /** Only the signals that a handler has asked for. */
  readonly #signals = new TurnoverSet<CallSignal>();
  #shutdown: Error | undefined;

  /** @param gated the deliveries whose status a handler may read. Default: none */
  constructor(scopes: InvocationScopes, gated?: GatedDeliveries) {
    this.#scopes = scopes;
    this.#gated = gated;
  }

  readonly stage: HandlerStage<HandlerCall, ScopedCall> = (call, next) => {
    const deadline = new CallSignal(this.#signals, this.#shutdown);
    const { handler, message, delivery, timeToLive, attempt } = call;
    const { endpointId, gate } = handler;
    const count = gate && attemptsOf(delivery) + attempt;
    const status = gate?.demand && this.#gated?.statusOf(delivery);
    const expiresAtMs = gate && timeToLive?.expiresAtMs;
    const options = { message, endpointId, deadline, attempt: count, expiresAtMs, delivery: status };
    const scope = this.#scopes.open(options);
    // Not spread, which takes several times as long.
    const scoped = { handler, message, delivery, timeToLive, attempt, scope, deduplicated: undefined };
    return andThen(next(scoped), (result) => this.#close(scope, deadline, result));
  };

  /** Aborts the signals of all calls, and of those that are yet to begin. */
  stop(): void {
    this.#shutdown = new DOMException('The gateway is shutting down.', 'AbortError');
    for (const signal of this.#signals) signal.abort(this.#shutdown);
  }

  #close(scope: InvocationScope, signal: CallSignal, result: HandlerResult): MaybePromise<HandlerResult> {
    const ended = this.#ended(signal, result);
    const disposing = dispose(scope, result);
    if (disposing === undefined) {
      signal.close();
      return ended;
    }
    return disposing.then(() => {
      signal.close();
      return ended;
    });
  }

  #ended(signal: CallSignal, result: HandlerResult): HandlerResult {
    if (result.kind !== 'failed') return result;
    if (this.#shutdown && signal.hasCaused(result.error)) return { kind: 'interrupted' };
    signal.abort(result.error);
    return result;
  }
}

/** Disposes the services of a call. One that goes on beyond its deadline uses them until it ends, and is not waited for. */
function dispose(scope: InvocationScope, result: HandlerResult): Promise<void> | undefined {
  if (result.kind !== 'failed' || result.running === undefined) return scope.dispose();
  const disposeLate = () => void scope.dispose();
  result.running.then(disposeLate, disposeLate);
  return undefined;
}
