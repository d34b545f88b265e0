import type { FastifyRequest } from 'fastify';
import { rejectCredentials } from './refusals.ts';

/** Maximum length of a token. Node accepts 16 KiB for all headers together. */
const maxTokenLength = 8192;

/**
 * Returns the token of a request (RFC 6750 section 2.1).
 *
 * @returns undefined for a request without credentials
 * @throws LittoralError `unauthorized` for several headers, another scheme, an empty or overlong token, and a token in
 * the query
 */
export function bearerToken(request: FastifyRequest): string | undefined {
  const { raw } = request;
  if (raw.url?.includes('?') && Object.hasOwn(request.query as object, 'access_token')) {
    throw rejectCredentials('A token in a URL ends up in logs. Send it as Authorization: Bearer ….', 'invalid_request');
  }
  const header = authorizationOf(raw.rawHeaders);
  if (header === undefined) return undefined;
  // The usual form of the header.
  if (header.length <= maxTokenLength && header.startsWith('Bearer ') && isToken(header, 7)) return header.slice(7);
  const [, scheme = '', token = ''] = /^([!-~]+)(?: +(.*))?$/.exec(header) ?? [];
  if (scheme.toLowerCase() !== 'bearer') {
    throw rejectCredentials('The header Authorization is not of the scheme Bearer. Send Authorization: Bearer ….');
  }
  if (token.length > maxTokenLength) {
    throw rejectCredentials(`The token is longer than ${maxTokenLength} characters.`, 'invalid_token');
  }
  if (isToken(token)) return token;
  throw rejectCredentials('The token is empty, or has other characters than visible ASCII.', 'invalid_token');
}

/** Returns whether a text from `start` on is visible ASCII, with at least one character. */
function isToken(text: string, start = 0): boolean {
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x21 || code > 0x7e) return false;
  }
  return text.length > start;
}

/** Returns the Authorization header. Throws for several: Node keeps the first, but a proxy may have checked another. */
function authorizationOf(rawHeaders: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (found !== undefined) {
      throw rejectCredentials('The request has more than one header Authorization.', 'invalid_request');
    }
    found = rawHeaders[index + 1] as string;
  }
  return found;
}
