import type { MessageHeaders } from './message-headers.ts';

/** A message as a channel carries it: headers and bytes. Channels know nothing of what the bytes mean. */
export interface TransportMessage {
  readonly headers: MessageHeaders;
  readonly body: Uint8Array;
}
