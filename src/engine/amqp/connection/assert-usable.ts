import { LittoralError } from '../../../errors.ts';
import { notSent } from '../not-sent.ts';
import type { AmqpConnection } from './amqp-connection.ts';

/** @throws LittoralError `broker-unavailable`, `broker-blocked` while nothing may be sent */
export function assertUsable(connection: AmqpConnection, messageId?: string): void {
  if (connection.failure) {
    throw notSent(connection.failure, { messageId });
  }
  if (connection.blocked !== undefined) {
    throw new LittoralError(
      'broker-blocked',
      `Nothing was sent: the broker blocks publishing (${connection.blocked}).`,
      {
        messageId,
      },
    );
  }
}
