import type { Message } from '../message/message.ts';
import { type ParameterConverter, parameterConverter } from './parameter-converter.ts';

/** The whole message: all headers, and the payload as it came, bytes where it travelled. */
export function message(): ParameterConverter<Message> {
  return parameterConverter('message', () => (invocation) => invocation.message);
}
