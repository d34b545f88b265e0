import { withoutBrokerNotes } from '../message/broker-notes.ts';
import { Header, type MessageHeaders } from '../message/message-headers.ts';
import { newMessageId } from '../message/message-id.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { reasonOf } from './dead-letter-reason.ts';
import type { Deferral } from './deferral.ts';
import { errorSnapshot } from './error-snapshot.ts';
import { deferralHeaders, publishedKeyOf, type ReceivedMessage } from './retry-message.ts';

/** The reason why a message could not be handled. */
export interface Failure {
  readonly error: unknown;
  /** The handler that failed; absent where the message failed before one was found. */
  readonly endpointId?: string | undefined;
  /** Number of calls of that handler. Default: 0. */
  readonly attempts?: number | undefined;
  /** Milliseconds until the next attempt; undefined: no further attempt. */
  readonly retryAfterMs?: number | undefined;
  /** End of the message's time to live: milliseconds since 1970; undefined: no end. */
  readonly expiresAtMs?: number | undefined;
  /** True if the handler was not called, so that no attempt and no retry is counted. Default: false. */
  readonly isUncounted?: boolean | undefined;
  /** The deferral of a message without a handler here, which is redelivered unchanged after `retryAfterMs`. */
  readonly deferral?: Deferral | undefined;
}

/** The place at which a message failed. */
export interface FailurePlace {
  readonly service: string;
  /** The queue that it was taken from. */
  readonly queue: string;
}

// Not every dead letter has these; one that failed before must not keep them of that time.
const notAlwaysSet = [Header.errorStackTrace, Header.failedEndpoint, Header.setAside, ...deferralHeaders];

/**
 * Makes the message that goes to the dead letter queue: as it came, with the headers by which Ecotone describes an
 * error, and with those that a replay needs.
 *
 * @param delivery what could not be handled
 * @param stackTrace whether there is room for one
 */
export function deadLetter(
  delivery: ReceivedMessage,
  { error, endpointId, attempts = 0 }: Failure,
  { service, queue }: FailurePlace,
  stackTrace = true,
): TransportMessage {
  const { message } = delivery;
  const thrown = errorSnapshot(error);
  const headers: Record<string, unknown> = {
    ...asItCame(message.headers),
    ...publishedKeyOf(delivery),
    [Header.deadLetterId]: newMessageId(),
    [Header.deadLetteredAt]: Date.now(),
    [Header.deadLetterReason]: reasonOf(error),
    [Header.failedService]: service,
    [Header.failedQueue]: queue,
    [Header.attempts]: attempts,
    [Header.errorClass]: thrown.class,
    [Header.errorMessage]: thrown.message,
    [Header.errorFile]: thrown.file,
    [Header.errorLine]: thrown.line,
    [Header.errorCode]: thrown.code,
  };
  if (stackTrace) headers[Header.errorStackTrace] = thrown.stackTrace;
  if (endpointId !== undefined) headers[Header.failedEndpoint] = endpointId;
  return { ...message, headers };
}

function asItCame(headers: MessageHeaders): Record<string, unknown> {
  const kept = withoutBrokerNotes(headers);
  for (const name of notAlwaysSet) delete kept[name];
  return kept;
}
