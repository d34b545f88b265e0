import { LittoralError } from '../errors.ts';
import { withoutByteOrderMark } from '../text/byte-order-mark.ts';

/** Maximum length of a key or a token. No request header can be longer. */
const maxKeyBytes = 16_384;

/**
 * Reads a key or a token from standard input, without a byte order mark in front and the line feed at its end.
 *
 * @param name `key` or `token`, for the error
 * @throws LittoralError `wrong-usage` for input that is longer than any key; the rest of it is not read
 */
export async function readKeyInput(name: 'key' | 'token'): Promise<string> {
  let key = '';
  for await (const piece of process.stdin.setEncoding('utf8')) {
    key += piece;
    if (key.length > maxKeyBytes) {
      throw new LittoralError('wrong-usage', `The ${name} on standard input is longer than ${maxKeyBytes} characters.`);
    }
  }
  return withoutByteOrderMark(key).replace(/\r?\n$/, '');
}
