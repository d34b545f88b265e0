import { type CallGate, isNotCalled } from '../../handler/call-gate.ts';
import type { MaybePromise } from '../../promise/maybe-promise.ts';
import type { DeliveryPlaces } from '../../recovery/delivery-places.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { attemptsOf } from '../../recovery/retry-message.ts';
import type { HandlerCall, HandlerStage } from '../handler-call.ts';
import type { Next } from '../stage.ts';

export interface EnterGateOptions {
  /** The places of the deliveries. One that waits leaves its place to others, as far as there are others to handle. */
  readonly places: DeliveryPlaces;
  /** Returns whether other messages are handled while a gate is not open. */
  readonly takesOthers: () => boolean;
  /** Aborted when no call may begin any more. */
  readonly stopping: AbortSignal;
}

/** The longest wait at a gate, in milliseconds: a delivery must be settled before the broker loses patience. */
export const longestGateMs = 10 * 60_000;

/**
 * Calls a handler outside of this process when its gate lets the call in. An application that is away is waited for,
 * and is called again without an attempt being counted. If it stays away, the message is requeued.
 */
export function enterGate({ places, takesOthers, stopping }: EnterGateOptions): HandlerStage<HandlerCall> {
  /** Waits for a place. @returns whether there is one */
  const enter = async ({ delivery }: HandlerCall, gate: CallGate, entering: Promise<boolean>): Promise<boolean> => {
    if (takesOthers()) places.setAside(delivery);
    const entered = await entering;
    places.takeBack(delivery);
    // The broker redelivers it, and nothing that is done with it here counts.
    if (entered && delivery.isLost) gate.leave();
    return entered && !delivery.isLost;
  };

  const pass = async (call: HandlerCall, gate: CallGate, next: Next<HandlerCall, HandlerResult>) => {
    // A message that was returned before waits longer: the broker counts how often it is.
    const patienceMs = Math.min(longestGateMs, gate.holdMs * 2 ** Math.min(call.delivery.deliveryCount, 20));
    for (let isRepeated = false; ; isRepeated = true) {
      const entering = gate.enter(patienceMs, isRepeated);
      if (entering !== undefined && !(await enter(call, gate, entering))) {
        return stopping.aborted || call.delivery.isLost ? interrupted : notCalled(call, gate, takesOthers());
      }
      const result = await leaving(gate, next(call));
      if (result.kind !== 'failed' || !isNotCalled(result.error)) return result;
    }
  };

  return (call, next) => {
    const { gate } = call.handler;
    return gate === undefined ? next(call) : pass(call, gate, next);
  };
}

const interrupted: HandlerResult = { kind: 'interrupted' };

function notCalled({ handler, delivery }: HandlerCall, gate: CallGate, isMoved: boolean): HandlerResult {
  const error = new Error(`the application is away: ${gate.reason ?? 'it takes no messages'}`);
  return { kind: 'not called', error, endpointId: handler.endpointId, attempts: attemptsOf(delivery), isMoved };
}

/** Frees the place of a call when it ends: one that is late goes on until its request is aborted. */
async function leaving(gate: CallGate, result: MaybePromise<HandlerResult>): Promise<HandlerResult> {
  let running: PromiseLike<unknown> | undefined;
  try {
    const settled = await result;
    if (settled.kind === 'failed') running = settled.running;
    return settled;
  } finally {
    const leave = () => gate.leave();
    if (running === undefined) leave();
    else running.then(leave, leave);
  }
}
