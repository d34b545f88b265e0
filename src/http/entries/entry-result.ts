import type { SendReceipt } from '../../bus/send-receipt.ts';

/**
 * Writes the result of a confirmed entry as JSON. Only the correlation id can contain characters that JSON escapes,
 * because the id is a UUID. `JSON.stringify` would take several times as long.
 */
export function acceptedResult(index: number, { messageId, correlationId, routed }: SendReceipt): string {
  const correlation = correlationId === messageId ? `"${messageId}"` : JSON.stringify(correlationId);
  return `{"index":${index},"status":202,"messageId":"${messageId}","correlationId":${correlation},"routed":${routed}}`;
}
