import { Header, type MessageHeaders } from './message-headers.ts';

/** The fields that identify a message. A sender may have written anything into these headers. */
export type MessageFields = {
  readonly messageId: unknown;
  readonly correlationId: unknown;
  readonly routingKey: unknown;
};

/** Returns the fields that identify a message in a log line, never its content. */
export function describeMessage({ headers }: { readonly headers: MessageHeaders }): MessageFields {
  return {
    messageId: headers[Header.id],
    correlationId: headers[Header.correlationId],
    routingKey: headers[Header.routingKey],
  };
}
