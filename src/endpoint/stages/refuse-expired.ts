import { expiredBeforeCall } from '../../recovery/time-to-live.ts';
import { failed, type HandlerStage } from '../handler-call.ts';

/** Fails a call whose message has expired. It reads the time at the last moment before the handler is called. */
export const refuseExpired: HandlerStage = (call, next) => {
  const error = call.timeToLive && expiredBeforeCall(call.timeToLive, call.handler.name);
  return error ? failed(call, error, call.attempt - 1) : next(call);
};
