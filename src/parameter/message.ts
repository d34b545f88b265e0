import type { Message } from '../message/message.ts';
import { type ParameterConverter, parameterConverter } from './parameter-converter.ts';

/** The whole message: all headers, and the payload as it arrived: bytes, unless it was sent within this process. */
export function message(): ParameterConverter<Message> {
  return parameterConverter('message', () => (invocation) => ownMessage(invocation.message));
}

/** Copies the bytes, which are shared with the other handlers and with the dead letter. */
export function ownMessage(shared: Message): Message {
  const { headers, payload } = shared;
  return payload instanceof Uint8Array ? { headers, payload: Buffer.from(payload) } : shared;
}
