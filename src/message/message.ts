import type { ArrivedForm } from './arrived-form.ts';
import type { MessageHeaders } from './message-headers.ts';

/** A message as handlers, buses and routes know it: headers and a payload of any kind. */
export interface Message<Payload = unknown> {
  /** The headers, by their names on the wire. */
  readonly headers: MessageHeaders;
  /** The payload: bytes of the type `contentType`, or a value that never left the process. */
  readonly payload: Payload;
  /** The form that its headers had on the wire, for what inherits them. */
  readonly arrived?: ArrivedForm | undefined;
}
