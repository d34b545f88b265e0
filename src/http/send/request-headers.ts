import { isUtf8 } from 'node:buffer';
import { LittoralError } from '../../errors.ts';

// W3C Trace Context section 3.3.1 and W3C Baggage section 3: these may come in several lines, which are one list.
const lists: ReadonlySet<string> = new Set(['tracestate', 'baggage']);

/**
 * The request headers that are asked for, by their lower-case names, decoded as UTF-8.
 *
 * @param rawHeaders names and values in turn, as Node gives them
 * @param isWanted returns whether a header matters; the others are not read
 * @throws LittoralError `invalid-header` for one that is repeated or not UTF-8
 */
export function requestHeaders(
  rawHeaders: readonly string[],
  isWanted: (name: string) => boolean,
): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    if (!isWanted(name)) continue;
    const value = decoded(name, rawHeaders[index + 1] as string);
    const earlier = headers.get(name);
    if (earlier !== undefined && !lists.has(name)) {
      throw new LittoralError('invalid-header', `The request has more than one header '${name}'.`);
    }
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const ascii = /^[\x00-\x7f]*$/;

/** Node decodes header values as Latin-1, whatever the sender meant. */
function decoded(name: string, value: string): string {
  if (ascii.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new LittoralError('invalid-header', `The request header '${name}' is not valid UTF-8.`);
}
