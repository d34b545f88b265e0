import { LittoralError } from '../../errors.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { DeadlineTimer } from '../../time/deadline-timer.ts';
import { failed, type HandlerStage } from '../handler-call.ts';

/**
 * The time beyond its deadline that a handler outside of this process gets. It ends its calls itself, and knows whether
 * the application was reached: a call that never began is no attempt.
 */
const remoteMarginMs = 1000;

/**
 * Fails a call that is not done in time, so that a handler cannot hold its place without end. State: a timer for each
 * length of time.
 *
 * @param defaultTimeoutMs for a handler without a time of its own
 */
export function enforceDeadline(defaultTimeoutMs: number): HandlerStage {
  const timers = new Map<number, DeadlineTimer>();

  return (call, next) => {
    const work = next(call);
    if (!(work instanceof Promise)) return work;
    const { definition, gate } = call.handler;
    const { timeoutMs = defaultTimeoutMs } = definition;
    const limitMs = gate === undefined ? timeoutMs : timeoutMs + remoteMarginMs;
    let timer = timers.get(limitMs);
    if (timer === undefined) {
      timer = new DeadlineTimer(limitMs);
      timers.set(limitMs, timer);
    }
    return timer.wait<HandlerResult>(work, () => {
      const error = new LittoralError('handler-timeout', `${call.handler.name} did not finish within ${timeoutMs} ms.`);
      return { ...failed(call, error), running: work };
    });
  };
}
