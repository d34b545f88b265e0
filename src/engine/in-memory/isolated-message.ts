import { LittoralError } from '../../errors.ts';
import { integerOf } from '../../message/integer-of.ts';
import { Header } from '../../message/message-headers.ts';
import type { TransportMessage } from '../../message/transport-message.ts';

/**
 * Returns a copy of a message, as RabbitMQ delivers it. The publisher may change its own message later, and consumers
 * must not see that change.
 *
 * @throws LittoralError `invalid-header` for an integer beyond 64 bits
 */
export function isolatedMessage(message: TransportMessage): TransportMessage {
  const headers: Record<string, unknown> = { ...message.headers };
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'bigint') headers[name] = fromInt64(value, message);
  }
  // `body.slice()` of a Buffer would share its memory. The copy is a Buffer, like the bodies from RabbitMQ.
  return { headers: Object.freeze(headers), body: Buffer.from(message.body) };
}

/** Returns the detail of an error about a message, with the id of the message. */
export function messageIdOf(message: TransportMessage | undefined): { messageId?: string } {
  const id = message?.headers[Header.id];
  return typeof id === 'string' ? { messageId: id } : {};
}

function fromInt64(value: bigint, message: TransportMessage): number | bigint {
  if (BigInt.asIntN(64, value) !== value) {
    const detail = 'The message cannot be encoded: a header is out of range.';
    throw new LittoralError('invalid-header', detail, messageIdOf(message));
  }
  return integerOf(value);
}
