import type { Delivery } from '../../engine/delivery.ts';
import { type CallGate, isNotCalled } from '../../handler/call-gate.ts';
import type { MaybePromise } from '../../promise/maybe-promise.ts';
import type { DeliveryPlaces } from '../../recovery/delivery-places.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { attemptsOf } from '../../recovery/retry-message.ts';
import type { Consumption } from '../consumption.ts';
import type { HandlerCall, HandlerStage } from '../handler-call.ts';
import type { Next } from '../stage.ts';

export interface EnterGateOptions {
  /** The places of the deliveries. One that waits leaves its place to others, as far as there are others to handle. */
  readonly places: DeliveryPlaces;
  readonly consumption: Pick<Consumption, 'takesOthers' | 'movesReturned' | 'deliveries'>;
  /** Aborted when no call may begin any more. */
  readonly stopping: AbortSignal;
}

/** The longest wait at a gate, in milliseconds: a delivery must be settled before the broker loses patience. */
const longestGateMs = 10 * 60_000;

/**
 * Returns the longest time for which a call waits at a gate that is not open, in milliseconds.
 *
 * @param deliveryCount how often the message was returned to the queue
 */
export function patienceMs({ holdMs, demand }: CallGate, deliveryCount: number): number {
  // Without a demand, nothing is taken from the queue.
  if (demand !== undefined) return Math.min(longestGateMs, holdMs);
  // A message that was returned before waits longer: the broker counts how often it is.
  return Math.min(longestGateMs, holdMs * 2 ** Math.min(deliveryCount, 20));
}

/**
 * Calls a handler outside of this process when its gate lets the call in. An application that is away is waited for,
 * and is called again without an attempt being counted. If it stays away, the message is requeued.
 */
export function enterGate({ places, consumption, stopping }: EnterGateOptions): HandlerStage<HandlerCall> {
  const { deliveries } = consumption;

  /** Notes the phase of a delivery whose application says how many messages it takes. */
  const note = ({ demand }: CallGate, delivery: Delivery, phase: 'called' | 'ended') => {
    if (demand === undefined) return;
    deliveries.note(delivery, phase);
    deliveries.notify();
  };

  /** Waits for a place. @returns whether there is one */
  const wait = async (call: HandlerCall, gate: CallGate, entering: Promise<boolean>): Promise<boolean> => {
    const { delivery, message } = call;
    if (consumption.takesOthers) places.setAside(delivery);
    if (gate.demand !== undefined) deliveries.notify();
    const entered = await entering;
    places.takeBack(delivery);
    // The broker redelivers it, and nothing that is done with it here counts.
    if (entered && delivery.isLost) gate.leave(message);
    return entered && !delivery.isLost;
  };

  const enter = (call: HandlerCall, gate: CallGate, isRepeated: boolean): Promise<boolean> | undefined => {
    const { delivery, message } = call;
    if (gate.demand !== undefined) deliveries.note(delivery, 'waiting');
    const entering = gate.enter(message, patienceMs(gate, delivery.deliveryCount), isRepeated);
    return entering && wait(call, gate, entering);
  };

  const pass = async (call: HandlerCall, gate: CallGate, next: Next<HandlerCall, HandlerResult>) => {
    const { delivery } = call;
    for (let isRepeated = false; ; isRepeated = true) {
      const entering = enter(call, gate, isRepeated);
      if (entering !== undefined && !(await entering)) {
        note(gate, delivery, 'ended');
        if (stopping.aborted || delivery.isLost) return interrupted;
        return notCalled(call, gate, consumption.movesReturned);
      }
      note(gate, delivery, 'called');
      const result = await leaving(call, gate, next(call));
      const isCalled = result.kind !== 'failed' || !isNotCalled(result.error);
      if (isCalled || delivery.isLost) {
        note(gate, delivery, 'ended');
        return isCalled ? result : interrupted;
      }
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
function leaving(
  { message }: HandlerCall,
  gate: CallGate,
  result: MaybePromise<HandlerResult>,
): MaybePromise<HandlerResult> {
  const leave = () => gate.leave(message);
  const leaveAfter = (settled: HandlerResult) => {
    const running = settled.kind === 'failed' ? settled.running : undefined;
    if (running === undefined) leave();
    else running.then(leave, leave);
    return settled;
  };
  if (!(result instanceof Promise)) return leaveAfter(result);
  return result.then(leaveAfter, (error: unknown) => {
    leave();
    throw error;
  });
}
