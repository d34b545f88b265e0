import type { Message } from '../message/message.ts';
import { type ParameterConverter, parameterConverter } from './parameter-converter.ts';

/** The whole message: all headers, and the payload as it came, bytes where it travelled. */
export function message(): ParameterConverter<Message> {
  return parameterConverter('message', () => (invocation) => ownMessage(invocation.message));
}

/** For one handler alone: the bytes are those that other handlers get, and the dead letter. */
export function ownMessage(shared: Message): Message {
  const { headers, payload } = shared;
  return payload instanceof Uint8Array ? { headers, payload: Buffer.from(payload) } : shared;
}
