import type { HandlerCall, ObservedFault, SentMessage } from './ledger.ts';

/** Why a handler was called for a message, where more than the first call needs a reason. */
export type Explanation =
  | 'the first'
  | 'retried after a failure'
  | 'the request was repeated'
  | 'unacknowledged during a fault'
  | 'published again during a fault'
  | 'the application went away with its answer'
  | 'none';

// A missing binding ends no connection and loses no answer, so it causes no redelivery. A message for an application that
// is away is not called at all, and one that the application was handling has failed.
const breakingNothing = ['application away', 'binding of an event deleted', 'bindings of a service deleted'];
// A full queue refuses, and loses no answer either. A refused message is redelivered.
const losingNoAnswer = [...breakingNothing, 'dead letter queues full'];

/** Returns whether a message may be redelivered because of a fault. */
function redelivers({ kind }: ObservedFault): boolean {
  return !breakingNothing.includes(kind);
}

/** Returns whether a message may be published twice because of a fault. */
export function losesAnswers({ kind }: ObservedFault): boolean {
  return !losingNoAnswer.includes(kind);
}

/**
 * Explains each call of one handler for one message.
 *
 * @param calls in the order of their beginning
 */
export function explainCalls(
  message: SentMessage,
  calls: readonly HandlerCall[],
  faults: readonly ObservedFault[],
): Explanation[] {
  const faultBetween = (from: number, until: number, may: (fault: ObservedFault) => boolean) =>
    faults.some((fault) => may(fault) && fault.from <= until && fault.until >= from);
  const retried = new Set<HandlerCall>();
  const firstSentAt = message.attempts[0]?.sentAt ?? 0;
  // What is not refused may have arrived, each time.
  const arrivals = message.attempts.filter(({ outcome }) => outcome !== 'not-accepted').length;
  let originals = 0;

  return calls.map((call, index) => {
    // Each failure may bring one retry.
    const failed = calls
      .slice(0, index)
      .find((earlier) => earlier.outcome === 'failed' && earlier.retry === call.retry - 1 && !retried.has(earlier));
    if (failed) {
      retried.add(failed);
      return 'retried after a failure';
    }
    const answered = calls
      .slice(0, index)
      .find((earlier) => earlier.outcome === 'succeeded' && earlier.retry === call.retry - 1 && !retried.has(earlier));
    if (answered && faultBetween(answered.begunAt, call.begunAt, ({ kind }) => kind === 'application away')) {
      retried.add(answered);
      return 'the application went away with its answer';
    }
    if (call.retry === 0 && originals++ === 0) return 'the first';
    if (call.retry === 0 && originals <= arrivals) return 'the request was repeated';
    // An unacknowledged delivery is redelivered: what broke, broke after it had begun. Its retries can come
    // before.
    const previous = calls.slice(0, index).findLast(({ retry }) => retry === call.retry);
    if (previous && faultBetween(previous.begunAt, call.begunAt, redelivers)) return 'unacknowledged during a fault';
    // What waits or is deferred is published again: twice, where the first confirm was lost. Both are handled later.
    const moves = message.delayMs > 0 || call.retry > 0 || message.deferrable;
    if (moves && faultBetween(firstSentAt, call.begunAt, losesAnswers)) return 'published again during a fault';
    return 'none';
  });
}
