import type { SendReceipt } from '../../bus/send-receipt.ts';

/**
 * Writes the result of an entry that the broker has confirmed, as JSON. Only the correlation id can hold characters that
 * JSON escapes: the id is a UUID. A general writer takes several times as long, for each entry.
 */
export function acceptedResult(index: number, { messageId, correlationId, routed }: SendReceipt): string {
  const correlation = correlationId === messageId ? `"${messageId}"` : JSON.stringify(correlationId);
  return `{"index":${index},"status":202,"messageId":"${messageId}","correlationId":${correlation},"routed":${routed}}`;
}
