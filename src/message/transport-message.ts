import type { ArrivedForm } from './arrived-form.ts';
import type { MessageHeaders } from './message-headers.ts';

/** A message as a channel carries it: headers and bytes. Channels know nothing of what the bytes mean. */
export interface TransportMessage {
  readonly headers: MessageHeaders;
  readonly body: Uint8Array;
  /** The form that it had when it was received, or that its inherited headers had. */
  readonly arrived?: ArrivedForm | undefined;
}
