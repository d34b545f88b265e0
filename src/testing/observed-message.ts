import type { ConversionService } from '../conversion/conversion-service.ts';
import { DeadLetterView } from '../dead-letter/dead-letter-view.ts';
import { readXDeath } from '../engine/broker/read-broker-notes.ts';
import { Header, type MessageHeaders, type PayloadType } from '../message/message-headers.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import type { PastDelivery } from './deliveries.ts';
import type { BusPublication } from './test-engine.ts';

/** A message in the form that a test reads. */
export interface ObservedMessage {
  /** A `command`, an `event` or a `message` for a channel. */
  readonly kind: PayloadType;
  /** The routing key of its handler; for a message, the name of the channel. */
  readonly routingKey: string;
  /** The payload, decoded by its content type; the bytes if it cannot be decoded. */
  readonly payload: unknown;
  /** All headers, those of the framework included. */
  readonly headers: MessageHeaders;
}

/** A message that the gateway put on the bus. */
export interface PublishedMessage extends ObservedMessage {
  /** The service that a command or message is for. An event has none. */
  readonly destination?: string;
  /** Milliseconds until it expires; absent if it does not expire. */
  readonly timeToLive?: number;
}

/** A message that a handler has finished. */
export interface HandledMessage extends ObservedMessage {
  /** The handler. An event is listed once for each handler that handled it. */
  readonly endpointId: string;
  /** The value that the handler returned. */
  readonly result: unknown;
}

/** A message in the dead letter queue. If no handler of this gateway put it there, any field may be absent. */
export interface DeadLetter extends ObservedMessage {
  /** The handler that failed. Absent where the message failed before one was found, or expired. */
  readonly endpointId?: string;
  /** The reason in one word: `failed`, `expired`, `unhandled`, … */
  readonly reasonCode?: string;
  /** The thrown value itself. Absent if nothing was thrown, because the message expired. */
  readonly error?: unknown;
}

/** Returns a message that the gateway put on the bus, in the form that a test reads. */
export function publishedMessage(
  { to, message, timeToLiveMs }: BusPublication,
  conversion: ConversionService,
): PublishedMessage {
  const observed = observedMessage(message, conversion);
  return {
    ...observed,
    ...(observed.kind === 'event' ? {} : { destination: to.bus }),
    ...(timeToLiveMs === undefined ? {} : { timeToLive: timeToLiveMs }),
  };
}

/** Returns the messages that the handlers of a delivery have finished. */
export function handledMessages({ message, handled }: PastDelivery, conversion: ConversionService): HandledMessage[] {
  return handled.map(({ endpointId, value: result }) => ({
    ...observedMessage(message, conversion),
    endpointId,
    result,
  }));
}

/**
 * Returns the messages in the dead letter queue, with the errors that they failed with.
 *
 * @param past all deliveries that have ended
 */
export function deadLetters(
  letters: readonly TransportMessage[],
  past: readonly PastDelivery[],
  conversion: ConversionService,
): DeadLetter[] {
  const failures = past.flatMap(({ message, failures }) =>
    failures.map((failure) => ({ ...failure, id: message.headers[Header.id] })),
  );
  return letters.map((letter) => {
    const endpointId = letter.headers[Header.failedEndpoint] as string | undefined;
    const { reasonCode } = new DeadLetterView({ message: letter, death: readXDeath(letter.headers) });
    const id = letter.headers[Header.id];
    const index = failures.findIndex((failure) => failure.id === id && failure.endpointId === endpointId);
    // Each stands for one dead letter: a message can fail more than once.
    const [failure] = index === -1 ? [] : failures.splice(index, 1);
    return {
      ...observedMessage(letter, conversion),
      ...(endpointId === undefined ? {} : { endpointId }),
      ...(reasonCode === undefined ? {} : { reasonCode }),
      ...(failure === undefined ? {} : { error: failure.error }),
    };
  });
}

function observedMessage({ headers, body }: TransportMessage, conversion: ConversionService): ObservedMessage {
  return {
    kind: headers[Header.payloadType] as PayloadType,
    routingKey: headers[Header.routingKey] as string,
    payload: decoded(body, headers[Header.contentType], conversion),
    headers,
  };
}

function decoded(body: Uint8Array, contentType: unknown, conversion: ConversionService): unknown {
  try {
    return conversion.decode(body, contentType);
  } catch {
    return body;
  }
}
