import type { Delivery } from '../engine/delivery.ts';
import { withoutBrokerNotes } from '../message/broker-notes.ts';
import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';

// A retry is published straight to a queue of the service, with headers that describe the earlier deliveries. On a
// message that came over the bus they are its sender's, and mean nothing.

/** A message that was received. */
export type ReceivedMessage = Pick<Delivery, 'message' | 'routingKey' | 'viaBus'>;

/** Returns the only handler of a retry; undefined for a message that is for all of its handlers. */
export function endpointOf({ message: { headers }, viaBus }: ReceivedMessage): string | undefined {
  const endpointId = headers[Header.failedEndpoint];
  return !viaBus && typeof endpointId === 'string' ? endpointId : undefined;
}

/** Returns the number of delayed retries of a message. */
export function retriesOf(received: ReceivedMessage): number {
  return countIn(received, Header.retryNumber);
}

/** Returns the number of earlier calls of a message's handler. */
export function attemptsOf(received: ReceivedMessage): number {
  return countIn(received, Header.attempts);
}

export function countIn({ message: { headers }, viaBus }: ReceivedMessage, name: string): number {
  const count = headers[name];
  return !viaBus && Number.isSafeInteger(count) && (count as number) > 0 ? (count as number) : 0;
}

/** Returns the header with the key on the bus. A retry came straight to its queue, and carries the header already. */
export function publishedKeyOf({ viaBus, routingKey }: ReceivedMessage): Record<string, unknown> {
  return viaBus ? { [Header.publishedKey]: routingKey } : {};
}

/** Returns the routing key of the first publish on the bus; undefined if the message was never on the bus. */
export function keyOnBusOf({ message: { headers }, viaBus, routingKey }: ReceivedMessage): string | undefined {
  if (viaBus) return routingKey;
  const key = headers[Header.publishedKey];
  return typeof key === 'string' ? key : undefined;
}

/** The headers of a deferral. */
export const deferralHeaders: readonly string[] = [Header.deferredSince, Header.deferrals];

/** The headers of a retry or a deferral. */
const retryHeaders: readonly string[] = [
  Header.failedEndpoint,
  Header.retryNumber,
  Header.attempts,
  ...deferralHeaders,
];

/** Removes the headers that the sender of a message wrote: straight in a queue of the service they would count. */
export function withoutRetryHeaders(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !retryHeaders.includes(name)));
}

function withoutDeferral(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !deferralHeaders.includes(name)));
}

/** Keeps the end of the message's time to live, which does not begin again. */
function expiry(expiresAtMs: number | undefined): Record<string, unknown> {
  return expiresAtMs === undefined ? {} : { [Header.expiresAt]: expiresAtMs };
}

/**
 * Makes the message that goes to the end of its queue, as if it had just come.
 *
 * @param expiresAtMs until when it may be handled
 */
export function resentMessage(received: ReceivedMessage, expiresAtMs: number | undefined): TransportMessage {
  const { message } = received;
  const kept = withoutBrokerNotes(message.headers);
  const headers = {
    ...(received.viaBus ? withoutRetryHeaders(kept) : kept),
    ...publishedKeyOf(received),
    ...expiry(expiresAtMs),
  };
  return { ...message, headers };
}

/**
 * Makes the message by which one handler is tried again.
 *
 * @param counts how often the handler was called so far, and how often the message was retried later
 * @param expiresAtMs until when it may be handled
 */
export function retryMessage(
  received: ReceivedMessage,
  endpointId: string,
  { attempts, retries }: { readonly attempts: number; readonly retries: number },
  expiresAtMs: number | undefined,
): TransportMessage {
  const { message } = received;
  return {
    ...message,
    headers: {
      ...withoutDeferral(withoutBrokerNotes(message.headers)),
      ...publishedKeyOf(received),
      ...expiry(expiresAtMs),
      [Header.retryNumber]: retries,
      [Header.attempts]: attempts,
      [Header.failedEndpoint]: endpointId,
    },
  };
}
