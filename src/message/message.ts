import type { ArrivedForm } from './arrived-form.ts';
import type { MessageHeaders } from './message-headers.ts';

/** A message as handlers, buses and routes know it: headers and a payload of any kind. */
export interface Message<Payload = unknown> {
  readonly headers: MessageHeaders;
  readonly payload: Payload;
  /** The form that its headers had on the wire, for what inherits them. */
  readonly arrived?: ArrivedForm | undefined;
}
