import type { MessageHeaders } from '../message/message-headers.ts';
import { type ParameterConverter, parameterConverter } from './parameter-converter.ts';

/** All headers of the message, the framework's own included. */
export function headers(): ParameterConverter<MessageHeaders> {
  return parameterConverter(
    'headers',
    () =>
      ({ message }) =>
        message.headers,
  );
}
