import { IllegalOperationError } from 'amqplib';
import { errorMessage, LittoralError } from '../../../errors.ts';
import { notSent } from '../not-sent.ts';

/**
 * Returns the error for a message that was not written: amqplib encodes the whole message before it writes a byte of it,
 * and throws if the channel or the connection is closing.
 */
export function notWritten(cause: unknown, messageId: string | undefined): LittoralError {
  const details = { messageId, cause };
  if (cause instanceof IllegalOperationError) {
    return notSent('the connection is being closed', details);
  }
  return new LittoralError(
    'invalid-header',
    `The message cannot be encoded: ${describeEncodingError(cause)}.`,
    details,
  );
}

/** Returns the reason without Node's text for a number out of range, which quotes it: a header can be a secret. */
function describeEncodingError(cause: unknown): string {
  return cause instanceof RangeError
    ? 'a header is out of range, or the headers are too large together'
    : errorMessage(cause);
}
