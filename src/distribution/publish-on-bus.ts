import type { OutboundChannel } from '../channel/message-channel.ts';
import { LittoralError } from '../errors.ts';
import { Header, type PayloadType } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { ownerOfDeadLetters, serviceQueue } from './service-queue.ts';

/** A message of the distributed bus, ready to go out. */
export interface BusMessage {
  readonly payloadType: PayloadType;
  /** The key on the bus: the target service, or the event's own routing key. */
  readonly target: string;
  readonly message: TransportMessage;
  /** Milliseconds. Undefined: it does not expire. */
  readonly timeToLive: number | undefined;
}

export interface BusChannel {
  readonly channel: OutboundChannel;
  /** Whether a destination's queue is looked for before a command or message is sent to it. */
  readonly checkDestinations: boolean;
}

/**
 * Publishes a message on the bus.
 *
 * @returns whether anybody gets it, which can only be false for an event
 * @throws LittoralError `destination-not-found` for a command or a message to a service without a queue, `not-bound` where
 * the queue exists and did not get it, and what `OutboundChannel` rejects with
 */
export async function publishOnBus(
  { payloadType, target, message, timeToLive }: BusMessage,
  { channel, checkDestinations }: BusChannel,
): Promise<boolean> {
  const mustArrive = payloadType !== 'event';
  if (mustArrive) await findDestination(target, message, channel, checkDestinations);
  const { routed } = await channel.publish({ to: { bus: target }, message, timeToLiveMs: timeToLive });
  if (mustArrive && !routed) throw checkDestinations ? notBound(target, message) : destinationNotFound(target, message);
  return routed;
}

/**
 * Looks for the service that a command or a message is for: an event subscriber whose binding is wider than the
 * service's own would swallow it, and it would count as routed.
 *
 * @param mustExist whether its queue is looked for; a name that no service can have is refused in any case
 * @throws LittoralError `destination-not-found`, and what `OutboundChannel.hasQueue` rejects with
 */
export async function findDestination(
  destination: string,
  message: TransportMessage,
  channel: OutboundChannel,
  mustExist: boolean,
): Promise<void> {
  assertService(destination, message);
  if (mustExist && !(await channel.hasQueue(serviceQueue(destination))))
    throw destinationNotFound(destination, message);
}

/** @throws LittoralError `destination-not-found` for a name whose queue belongs to no service, and may exist all the same */
function assertService(destination: string, message: TransportMessage): void {
  const owner = ownerOfDeadLetters(destination);
  if (owner === undefined) return;
  const reason = `the queue '${serviceQueue(destination)}' is for the dead letters of '${owner}'. Send to '${owner}'.`;
  throw notFound(`No service can have the name '${destination}': ${reason}`, message);
}

function destinationNotFound(destination: string, message: TransportMessage): LittoralError {
  const reason = `the queue '${serviceQueue(destination)}' does not exist or is not bound to it`;
  const text = `No service '${destination}' on this bus: ${reason}. Check the name, or start the service once.`;
  return notFound(text, message);
}

/** The queue was found a moment ago. Its service binds it again at its next check of the topology. */
function notBound(destination: string, { headers: { [Header.id]: id } }: TransportMessage): LittoralError {
  const text =
    `Nothing was sent: the queue '${serviceQueue(destination)}' exists, but is not bound to the bus under '${destination}'. ` +
    'A running gateway of that service binds it again within seconds; send the same again.';
  return new LittoralError('not-bound', text, typeof id === 'string' ? { messageId: id } : {});
}

function notFound(text: string, { headers: { [Header.id]: id } }: TransportMessage): LittoralError {
  return new LittoralError('destination-not-found', text, typeof id === 'string' ? { messageId: id } : {});
}
