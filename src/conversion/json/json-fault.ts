import { messageOf } from '../../errors.ts';

/**
 * Says where `JSON.parse` found a fault. Its own words quote the text around it, which may be a payload or a secret.
 *
 * @param error what `JSON.parse` threw
 */
export function jsonFault(error: unknown): string {
  const text = messageOf(error);
  const position = /JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(text)?.[1];
  if (position !== undefined) return `a fault at position ${position}`;
  return text === 'Unexpected end of JSON input' ? 'it ends too early' : 'a token that JSON does not have';
}
