import type { Address, Publisher, PublishReceipt } from '../engine/publication.ts';
import { errorMessage, isLittoralError, LittoralError } from '../errors.ts';
import { Header, type PayloadType } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { andThen, type MaybePromise } from '../promise/maybe-promise.ts';
import { ownerOfDeadLetters, serviceQueue } from '../wire/service-queue.ts';
import { type ServiceMap, toMappedForm } from './service-map.ts';

/** A message of the distributed bus that is ready to be published. */
export interface BusMessage {
  readonly payloadType: PayloadType;
  /** The key on the bus: the target service, or the event's own routing key. */
  readonly target: string;
  readonly message: TransportMessage;
  /** Milliseconds until the message expires; undefined for a message that does not expire. */
  readonly timeToLive: number | undefined;
}

export interface BusChannel {
  readonly channel: Publisher;
  /** True if a destination's queue is looked up before a command or message is sent to it. */
  readonly checkDestinations: boolean;
  /** The services whose queues are addressed by name. Default: none, every message goes through the exchange. */
  readonly serviceMap?: ServiceMap | undefined;
}

/**
 * Publishes a message on the bus, and to the queues that the service map names.
 *
 * @returns whether the message was routed to a queue; false is possible only for an event
 * @throws LittoralError `destination-not-found` for a command or a message to a service without a queue, and for an
 * event if a queue of the service map does not exist; `not-bound` if the service's queue exists but did not get the
 * message; `partly-published` for an event that some of its queues did not get; the errors of `Publisher`
 */
export async function publishOnBus(busMessage: BusMessage, bus: BusChannel): Promise<boolean> {
  await findRecipients(busMessage, bus);
  return publishFound(busMessage, bus);
}

/**
 * Looks up the queues that a message needs: the queue of its destination, or those of the service map for an event.
 *
 * @throws LittoralError as `publishOnBus`, before anything was sent
 */
export function findRecipients({ payloadType, target, message }: BusMessage, bus: BusChannel): MaybePromise<void> {
  if (payloadType !== 'event') return findDestination(target, message, bus);
  const queues = bus.serviceMap?.queuesOf(target) ?? [];
  return queues.length === 0 ? undefined : findMappedQueues(queues, message, bus);
}

/**
 * Publishes a message after `findRecipients`, as `publishOnBus` does. All copies are passed to the engine before this
 * returns its promise, so messages leave in the order of the calls.
 */
export async function publishFound(busMessage: BusMessage, bus: BusChannel): Promise<boolean> {
  const { payloadType, target, message, timeToLive } = busMessage;
  const { channel, serviceMap } = bus;
  if (payloadType === 'event') return publishEvent(busMessage, bus);
  const queue = serviceMap?.queueOf(target);
  const destinationQueue = bus.checkDestinations ? serviceQueue(target) : undefined;
  const { routed } =
    queue === undefined
      ? await channel.publish({ to: { bus: target }, message, timeToLiveMs: timeToLive, destinationQueue })
      : await publishTo(queue, busMessage, channel);
  if (!routed) {
    // The queue was found earlier, and may have been deleted since. After a return, the channel looks it up again.
    const isThere = queue === undefined && bus.checkDestinations && (await channel.hasQueue(serviceQueue(target)));
    throw isThere ? notBound(target, message) : destinationNotFound(target, queue, message);
  }
  return routed;
}

/** Returns the number of publishes that a message needs. */
export function copiesOf({ payloadType, target }: BusMessage, { serviceMap }: BusChannel): number {
  return 1 + (payloadType === 'event' ? (serviceMap?.queuesOf(target).length ?? 0) : 0);
}

/** Returns whether all copies of a message are written as soon as they are published. */
export function publishesAtOnce(busMessage: BusMessage, { channel, serviceMap }: BusChannel): boolean {
  const { payloadType, target, message } = busMessage;
  const { byteLength } = message.body;
  const isAtOnce = (to: Address) => channel.publishesAtOnce(to, byteLength);
  if (payloadType === 'event') {
    const queues = serviceMap?.queuesOf(target) ?? [];
    return isAtOnce({ bus: target }) && queues.every((queue) => isAtOnce({ queue }));
  }
  const queue = serviceMap?.queueOf(target);
  return isAtOnce(queue === undefined ? { bus: target } : { queue });
}

async function publishEvent(busMessage: BusMessage, { channel, serviceMap }: BusChannel): Promise<boolean> {
  const { target, message, timeToLive } = busMessage;
  const queues = serviceMap?.queuesOf(target) ?? [];
  const onExchange = channel.publish({ to: { bus: target }, message, timeToLiveMs: timeToLive });
  if (queues.length === 0) return (await onExchange).routed;
  const copies = queues.map(async (queue) => {
    const receipt = await publishTo(queue, busMessage, channel);
    if (!receipt.routed) throw mappedQueueNotFound(queue, message);
    return receipt;
  });
  const results = await Promise.allSettled([onExchange, ...copies]);
  assertAllPublished(results, message);
  return true;
}

function publishTo(queue: string, busMessage: BusMessage, channel: Publisher): Promise<PublishReceipt> {
  const { payloadType, target, message, timeToLive } = busMessage;
  const mapped = toMappedForm(message, payloadType, target);
  return channel.publish({ to: { queue }, message: mapped, timeToLiveMs: timeToLive, destinationQueue: queue });
}

/**
 * Throws if a copy failed.
 *
 * @throws the first copy's error if no copy can have arrived, otherwise an error with an unknown outcome
 */
function assertAllPublished(results: readonly PromiseSettledResult<PublishReceipt>[], message: TransportMessage): void {
  const failures = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
  if (failures.length === 0) return;
  const unknown = failures.find((error) => !isLittoralError(error) || error.outcome === 'unknown');
  if (unknown !== undefined) throw unknown;
  if (!results.some((result) => result.status === 'fulfilled' && result.value.routed)) throw failures[0];
  throw new LittoralError(
    'partly-published',
    `${results.length - failures.length} of ${results.length} copies of the event were published. The first error of the others: ` +
      `${errorMessage(failures[0])} Publish the event again with the same id: a service that has handled it skips the copy.`,
    { ...idOf(message), cause: failures[0] },
  );
}

/**
 * Looks up the queue of the service that a command or a message is for. Without this check, an event subscriber with a
 * wider binding could get the message instead, and the message would count as routed.
 *
 * @throws LittoralError `destination-not-found`, also for a name that no service can have, even if destinations are not
 * looked up; the errors of `Publisher.hasQueue`
 */
function findDestination(
  destination: string,
  message: TransportMessage,
  { channel, checkDestinations, serviceMap }: BusChannel,
): MaybePromise<void> {
  const mapped = serviceMap?.queueOf(destination);
  if (mapped === undefined) assertService(destination, message);
  if (!checkDestinations) return;
  return andThen(channel.hasQueue(mapped ?? serviceQueue(destination)), (isThere) => {
    if (!isThere) throw destinationNotFound(destination, mapped, message);
  });
}

/**
 * Looks up the queues that get a copy of an event, before the first copy is published.
 *
 * @throws LittoralError `destination-not-found`; the errors of `Publisher.hasQueue`
 */
async function findMappedQueues(
  queues: readonly string[],
  message: TransportMessage,
  { channel, checkDestinations }: BusChannel,
): Promise<void> {
  if (!checkDestinations) return;
  for (const queue of queues) if (!(await channel.hasQueue(queue))) throw mappedQueueNotFound(queue, message);
}

/**
 * @throws LittoralError `destination-not-found` for a name whose queue belongs to no service, even if the queue exists
 */
function assertService(destination: string, message: TransportMessage): void {
  const owner = ownerOfDeadLetters(destination);
  if (owner === undefined) return;
  const reason = `the queue '${serviceQueue(destination)}' is for the dead letters of '${owner}'. Send to '${owner}'.`;
  throw notFound(`No service can have the name '${destination}': ${reason}`, message);
}

function destinationNotFound(
  destination: string,
  mapped: string | undefined,
  message: TransportMessage,
): LittoralError {
  const reason =
    mapped === undefined
      ? `the queue '${serviceQueue(destination)}' does not exist or is not bound to it`
      : `the queue '${mapped}', which routes.services names, does not exist`;
  const text = `No service '${destination}' on this bus: ${reason}. Check the name, or start the service once.`;
  return notFound(text, message);
}

/**
 * Returns the error for an existing queue that is not bound. Its service binds it again at its next topology check.
 */
function notBound(destination: string, message: TransportMessage): LittoralError {
  const text =
    `Nothing was sent: the queue '${serviceQueue(destination)}' exists, but is not bound to the bus under '${destination}'. ` +
    'A running gateway of that service binds it again within seconds; send the same again.';
  return new LittoralError('not-bound', text, idOf(message));
}

function mappedQueueNotFound(queue: string, message: TransportMessage): LittoralError {
  const text = `The queue '${queue}', which routes.events names, does not exist. Check the name, or start its service once.`;
  return notFound(text, message);
}

function notFound(text: string, message: TransportMessage): LittoralError {
  return new LittoralError('destination-not-found', text, idOf(message));
}

function idOf({ headers: { [Header.id]: id } }: TransportMessage): { readonly messageId?: string } {
  return typeof id === 'string' ? { messageId: id } : {};
}
