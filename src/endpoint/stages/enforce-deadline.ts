import { LittoralError } from '../../errors.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { DeadlineTimer } from '../../time/deadline-timer.ts';
import { failed, type HandlerStage } from '../handler-call.ts';

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
    const { timeoutMs = defaultTimeoutMs } = call.handler.definition;
    let timer = timers.get(timeoutMs);
    if (timer === undefined) {
      timer = new DeadlineTimer(timeoutMs);
      timers.set(timeoutMs, timer);
    }
    return timer.wait<HandlerResult>(work, () => {
      const error = new LittoralError('handler-timeout', `${call.handler.name} did not finish within ${timeoutMs} ms.`);
      return { ...failed(call, error), running: work };
    });
  };
}
