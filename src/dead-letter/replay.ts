import { withoutBrokerNotes } from '../message/broker-notes.ts';
import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { deferralHeaders, withoutRetryHeaders } from '../recovery/retry-message.ts';
import { dueQueue, serviceQueue } from '../wire/service-queue.ts';
import type { DeadLetterView } from './dead-letter-view.ts';

/** The headers about a failure. A replayed message starts again without them, for the failed handler only. */
const ofFailure = [
  Header.errorClass,
  Header.errorMessage,
  Header.errorStackTrace,
  Header.errorFile,
  Header.errorLine,
  Header.errorCode,
  Header.deadLetterId,
  Header.deadLetteredAt,
  Header.deadLetterReason,
  Header.failedService,
  Header.failedQueue,
  Header.attempts,
  Header.retryNumber,
  // With this header, a message in the queue of due messages would become a dead letter again.
  Header.setAside,
  ...deferralHeaders,
  // The operator wants the message handled, so it does not expire.
  Header.timeToLive,
  Header.expiresAt,
];

/** A message that is replayed, and the queue that it is put into. */
export interface Replay {
  readonly queue: string;
  readonly message: TransportMessage;
}

/**
 * Returns the message that replays a dead letter of a service, addressed only to the queue that it was taken from.
 *
 * @param consumed the queue that the service consumes. Default: Ecotone's name for it
 */
export function replayOf(
  { message, death }: Pick<DeadLetterView, 'message' | 'death'>,
  service: string,
  consumed = serviceQueue(service),
): Replay {
  const { headers } = message;
  let kept = withoutBrokerNotes(headers);
  for (const name of ofFailure) delete kept[name];
  // A message that came through the bus goes directly to the queue this time.
  if (death?.publishedKey !== undefined) {
    kept = { ...withoutRetryHeaders(kept), [Header.publishedKey]: death.publishedKey };
  }
  // A message that the broker dead-lettered can have a header of that name from its sender.
  const named = death?.queue ?? headers[Header.failedQueue];
  // A header can name any queue. A replay must not reach the queue of another service.
  const own = [consumed, dueQueue(service).queue].find((queue) => queue === named);
  return { queue: own ?? consumed, message: { ...message, headers: kept } };
}
