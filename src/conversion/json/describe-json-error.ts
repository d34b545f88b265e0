import { errorMessage } from '../../errors.ts';

/**
 * Describes where `JSON.parse` failed. The message of `JSON.parse` quotes the surrounding text, which may be a payload
 * or a secret.
 *
 * @param error the error that `JSON.parse` threw
 */
export function describeJsonError(error: unknown): string {
  const text = errorMessage(error);
  const position = /JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(text)?.[1];
  if (position !== undefined) return `a syntax error at position ${position}`;
  return text === 'Unexpected end of JSON input' ? 'it ends too early' : 'a token that JSON does not have';
}
