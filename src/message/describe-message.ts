import { Header, type MessageHeaders } from './message-headers.ts';

/** What a log line says of a message: which one it is, never what it holds. */
export function describeMessage({ headers }: { readonly headers: MessageHeaders }): Readonly<Record<string, unknown>> {
  return {
    messageId: headers[Header.id],
    correlationId: headers[Header.correlationId],
    routingKey: headers[Header.routingKey],
  };
}
