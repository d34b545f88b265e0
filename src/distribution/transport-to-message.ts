import type { Message } from '../message/message.ts';
import type { TransportMessage } from '../message/transport-message.ts';

/**
 * The message that handlers see: the headers as they came, and the payload as bytes until a parameter asks for more.
 */
export function transportToMessage({ headers, body }: TransportMessage): Message<Uint8Array> {
  return { headers, payload: body };
}
