import { Header, type MessageHeaders } from './message-headers.ts';

/** Returns the fields that identify a message in a log line, never its content. */
export function describeMessage({ headers }: { readonly headers: MessageHeaders }): Readonly<Record<string, unknown>> {
  return {
    messageId: headers[Header.id],
    correlationId: headers[Header.correlationId],
    routingKey: headers[Header.routingKey],
  };
}
