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
  /**
   * Its number among all publishes that were written, while it is written on the channel that is open or was the last to
   * be; 0 at any other time.
   */
  position: number;
  returned: boolean;
  timedOut: boolean;
  resolve(receipt: PublishReceipt): void;
  reject(error: LittoralError): void;
}

/** What the answers of a channel have shown before RabbitMQ closed it. */
export interface ShownBefore {
  /** The last position of which RabbitMQ has said anything: it handles publishes in their order. */
  readonly lastHandled: number;
  /** Whether RabbitMQ has taken, or would have taken, a publish under a key. */
  readonly hasTaken: (route: Route) => boolean;
}

/** What is known of the publishes that a channel had not confirmed when RabbitMQ closed it. */
export interface ClosedOver {
  /** RabbitMQ may have taken these. */
  readonly unknown: readonly InFlight[];
  /** RabbitMQ closed the channel over this one, or over one like it before it: it did not take this one. */
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
export function divide(
  unconfirmed: readonly InFlight[],
  refusal: PublishRefusal | undefined,
  { lastHandled, hasTaken }: ShownBefore,
): ClosedOver {
  const suspects = unconfirmed.filter((entry) => {
    const isHandled = entry.returned || entry.position <= lastHandled;
    return refusal !== undefined && !isHandled && fitsRefusal(refusal, entry.route, entry.bytes);
  });
  const [first] = suspects;
  const last = suspects.at(-1);
  if (refusal === undefined || !first || !last) return { unknown: unconfirmed, refused: undefined, untouched: [] };
  const behind = unconfirmed.slice(unconfirmed.indexOf(last) + 1);
  if (refusal.kind === 'key' && suspects.some(({ route }) => route.routingKey !== first.route.routingKey)) {
    // The broker's text was cut off, and is one of several keys: only what is behind all of them is known.
    return { unknown: unconfirmed.slice(0, unconfirmed.length - behind.length), refused: undefined, untouched: behind };
  }
  // What was good before was good for the first of them as well, until somebody changed it: an exchange that existed, a
  // permission that the user had. Only the last of them was surely not taken.
  const hasChanged = refusal.kind === 'key' ? hasTaken(first.route) : refusal.kind !== 'size';
  const refused = hasChanged ? last : first;
  const position = unconfirmed.indexOf(refused);
  return { unknown: unconfirmed.slice(0, position), refused, untouched: unconfirmed.slice(position + 1) };
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
