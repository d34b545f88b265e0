import type { Message } from '../message/message.ts';
import type { TransportMessage } from '../message/transport-message.ts';

/**
 * The message that handlers see: the headers as they came, and the payload as bytes until a parameter asks for more.
 */
export function transportToMessage({ headers, body, arrived }: TransportMessage): Message<Uint8Array> {
  // All handlers of the message get the same; one of them must not change what the others see.
  return { headers: Object.freeze(headers), payload: body, ...(arrived && { arrived }) };
}
