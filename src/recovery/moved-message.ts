import type { Delivery } from '../engine/delivery.ts';
import { withoutBrokerNotes } from '../message/broker-notes.ts';
import { Header } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';

// What failed is moved: put straight into a queue of the service, with headers that say what happened before. On a
// message that came over the bus they are its sender's, and mean nothing.

/** What is known of a message that was received. */
export type ReceivedMessage = Pick<Delivery, 'message' | 'routingKey' | 'viaBus'>;

/** The only handler that a message is for, when it was moved because that one failed. */
export function endpointOf({ message: { headers }, viaBus }: ReceivedMessage): string | undefined {
  const endpointId = headers[Header.failedEndpoint];
  return !viaBus && typeof endpointId === 'string' ? endpointId : undefined;
}

/** How many delayed retries a message has had. */
export function retriesOf(received: ReceivedMessage): number {
  return countIn(received, Header.retryNumber);
}

/** How often the handler of a message was called before. */
export function attemptsOf(received: ReceivedMessage): number {
  return countIn(received, Header.attempts);
}

export function countIn({ message: { headers }, viaBus }: ReceivedMessage, name: string): number {
  const count = headers[name];
  return !viaBus && Number.isSafeInteger(count) && (count as number) > 0 ? (count as number) : 0;
}

/** A message that was moved before came straight to its queue, and carries the key of its first time. */
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
export const ofDeferral: readonly string[] = [Header.deferredSince, Header.deferrals];

/** What says of a message that it was moved, and why. */
const claims: readonly string[] = [Header.failedEndpoint, Header.retryNumber, Header.attempts, ...ofDeferral];

/** Takes away what its sender wrote on a message of the bus: straight in a queue of the service it would count. */
export function withoutClaims(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !claims.includes(name)));
}

function withoutDeferral(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofDeferral.includes(name)));
}

/** The time to live does not begin anew. */
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
    ...(received.viaBus ? withoutClaims(kept) : kept),
    ...publishedKeyOf(received),
    ...expiry(expiresAtMs),
  };
  return { ...message, headers };
}

/**
 * Makes the message by which one handler is tried again.
 *
 * @param attempts how often the handler was called so far
 * @param expiresAtMs until when it may be handled
 */
export function retryMessage(
  received: ReceivedMessage,
  endpointId: string,
  attempts: number,
  expiresAtMs: number | undefined,
): TransportMessage {
  const { message } = received;
  return {
    ...message,
    headers: {
      ...withoutDeferral(withoutBrokerNotes(message.headers)),
      ...publishedKeyOf(received),
      ...expiry(expiresAtMs),
      [Header.retryNumber]: retriesOf(received) + 1,
      [Header.attempts]: attempts,
      [Header.failedEndpoint]: endpointId,
    },
  };
}
