import { LittoralError } from '../../../errors.ts';
import { busExchange } from '../../broker/bus-exchange.ts';
import type { PublishReceipt } from '../../publication.ts';
import type { AmqpPublication } from './amqp-publication.ts';
import { isPlainKey } from './probe-apart.ts';
import { fitsRefusal, type PublishRefusal, type Route } from './publish-refusal.ts';

/** A publish whose caller waits. */
export interface InFlight {
  readonly publication: AmqpPublication;
  readonly route: Route;
  /** The id that identifies the message in a `basic.return`; a foreign message may have none. Set when it is written. */
  messageId: string | undefined;
  readonly bytes: number;
  readonly deadline: number;
  /** The position among the publishes of its channel, from 1; 0 before the publish is written. */
  position: number;
  returned: boolean;
  timedOut: boolean;
  resolve(receipt: PublishReceipt): void;
  reject(error: LittoralError): void;
}

/** Evidence from the answers on a channel before RabbitMQ closed it. */
export interface ShownBefore {
  /** The last position that RabbitMQ has answered: it handles publishes in order. */
  readonly lastHandled: number;
  /** A function that returns whether RabbitMQ has accepted, or would accept, a publish under a key. */
  readonly hasTaken: (route: Route) => boolean;
}

/** The known outcomes of the publishes that were unconfirmed when RabbitMQ closed their channel. */
export interface ClosedOver {
  /** Publishes that RabbitMQ may have accepted. */
  readonly unknown: readonly InFlight[];
  /** The publish that RabbitMQ closed the channel over, or one behind an equal publish: RabbitMQ did not accept it. */
  readonly refused: InFlight | undefined;
  /** Publishes that RabbitMQ did not accept: it reads nothing behind a refused publish. */
  readonly untouched: readonly InFlight[];
}

/**
 * Divides unconfirmed publishes by what the refusal of one proves. RabbitMQ handles the publishes of a channel in their
 * order: it accepted those before the refused one, even without a confirm, and did not accept those behind it.
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
    // The broker's text was cut off and fits several keys: only publishes behind all of them are known.
    return { unknown: unconfirmed.slice(0, unconfirmed.length - behind.length), refused: undefined, untouched: behind };
  }
  // If RabbitMQ accepted such a publish earlier, it may have accepted the first of these too, until the exchange was
  // deleted or the permission was removed. Only the last one was certainly not accepted.
  const hasChanged = refusal.kind === 'key' ? hasTaken(first.route) : refusal.kind !== 'size';
  const refused = hasChanged ? last : first;
  const position = unconfirmed.indexOf(refused);
  return { unknown: unconfirmed.slice(0, position), refused, untouched: unconfirmed.slice(position + 1) };
}

/** Settles a publish that will not be confirmed. */
export function settleUnconfirmed(entry: InFlight, reason: string, cause: unknown): void {
  // A returned message was stored in no queue.
  if (entry.returned) {
    entry.resolve({ routed: false });
    return;
  }
  const text = `The message was written, but ${reason} before the confirm.`;
  entry.reject(new LittoralError('connection-lost', text, { messageId: entry.messageId, cause }));
}

/** Returns whether a connection can have ended over a key: see `probe-apart.ts`. */
export function isOverForeignKey(end: Error | undefined, unconfirmed: readonly InFlight[]): boolean {
  const isInternal = end?.message.includes('541') === true;
  return isInternal && unconfirmed.some(({ route }) => route.exchange === busExchange && !isPlainKey(route.routingKey));
}
