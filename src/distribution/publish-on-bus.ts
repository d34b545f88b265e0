import type { OutboundChannel } from '../channel/message-channel.ts';
import { LittoralError } from '../errors.ts';
import { Header, type PayloadType } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { serviceQueue } from './service-queue.ts';

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
 * @throws LittoralError `destination-not-found` for a command or a message that nobody gets, and what
 * `OutboundChannel` rejects with
 */
export async function publishOnBus(
  { payloadType, target, message, timeToLive }: BusMessage,
  { channel, checkDestinations }: BusChannel,
): Promise<boolean> {
  const mustArrive = payloadType !== 'event';
  if (mustArrive && checkDestinations) await findDestination(target, message, channel);
  const { routed } = await channel.publish({ to: { bus: target }, message, timeToLiveMs: timeToLive });
  if (mustArrive && !routed) throw destinationNotFound(target, message);
  return routed;
}

/**
 * Looks for the service that a command or a message is for: an event subscriber whose binding is wider than the
 * service's own would swallow it, and it would count as routed.
 *
 * @throws LittoralError `destination-not-found`, and what `OutboundChannel.hasQueue` rejects with
 */
export async function findDestination(
  destination: string,
  message: TransportMessage,
  channel: OutboundChannel,
): Promise<void> {
  if (!(await channel.hasQueue(serviceQueue(destination)))) throw destinationNotFound(destination, message);
}

function destinationNotFound(destination: string, { headers }: TransportMessage): LittoralError {
  const queue = serviceQueue(destination);
  const id = headers[Header.id];
  return new LittoralError(
    'destination-not-found',
    `No service '${destination}' on this bus: the queue '${queue}' does not exist or is not bound to it. Check the name, or start the service once.`,
    typeof id === 'string' ? { messageId: id } : {},
  );
}
