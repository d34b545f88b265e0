import type { PublishReceipt } from '../channel/message-channel.ts';
import { LittoralError } from '../errors.ts';
import type { AmqpPublication } from './amqp-publication.ts';
import { fitsRefusal, type PublishRefusal, type Route } from './publish-refusal.ts';

/** A publish whose caller waits. */
export interface InFlight {
  readonly publication: AmqpPublication;
  readonly route: Route;
  /** Names the message in a return by the broker; a message from elsewhere may have none. Known when it is written. */
  messageId: string | undefined;
  readonly bytes: number;
  readonly deadline: number;
  /** Whether it has been written on the channel that is open, or was the last to be. */
  written: boolean;
  returned: boolean;
  timedOut: boolean;
  resolve(receipt: PublishReceipt): void;
  reject(error: LittoralError): void;
}

/** What is known of the publishes that a channel had not confirmed when RabbitMQ closed it. */
export interface ClosedOver {
  /** RabbitMQ may have taken these. */
  readonly unknown: readonly InFlight[];
  /** RabbitMQ closed the channel over this one, and did not take it. */
  readonly refused: InFlight | undefined;
  /** RabbitMQ did not take these: it reads nothing behind what it refuses. */
  readonly untouched: readonly InFlight[];
}

/**
 * Divides unconfirmed publishes by what the refusal of one proves. RabbitMQ handles the publishes of a channel in their
 * order: those before the refused one were taken, whether or not their confirms came, and those behind it were not.
 *
 * @param unconfirmed in the order in which they were written
 */
export function divide(unconfirmed: readonly InFlight[], refusal: PublishRefusal | undefined): ClosedOver {
  const fitting = refusal ? unconfirmed.filter(({ route, bytes }) => fitsRefusal(refusal, route, bytes)) : [];
  const [first] = fitting;
  if (refusal === undefined || first === undefined) return { unknown: unconfirmed, refused: undefined, untouched: [] };
  const isSure = refusal.kind !== 'key' || fitting.every(({ route }) => route.routingKey === first.route.routingKey);
  // The broker's text was cut off, and is one of several keys: only what is behind all of them is known.
  const last = isSure ? first : (fitting.at(-1) as InFlight);
  const position = unconfirmed.indexOf(last);
  return {
    unknown: unconfirmed.slice(0, isSure ? position : position + 1),
    refused: isSure ? first : undefined,
    untouched: unconfirmed.slice(position + 1),
  };
}

/** Settles a publish whose confirm will not come. */
export function settleUnconfirmed(entry: InFlight, reason: string, cause: unknown): void {
  // No queue took what was returned.
  if (entry.returned) {
    entry.resolve({ routed: false });
    return;
  }
  const text = `The message was written, but ${reason} before the confirm.`;
  entry.reject(new LittoralError('connection-lost', text, { messageId: entry.messageId, cause }));
}
