import { Header, type MessageHeaders } from '../../message/message-headers.ts';

/**
 * Reads how often a message was delivered and returned before, from `x-delivery-count` (RabbitMQ, "Quorum Queues",
 * "Poison Message Handling"). A classic queue does not count, and passes on the value that the sender wrote.
 *
 * @returns 0 if there is no count, or no valid one
 */
export function readDeliveryCount(headers: MessageHeaders): number {
  const count = headers[Header.deliveryCount];
  return Number.isSafeInteger(count) ? Math.max(0, count as number) : 0;
}
