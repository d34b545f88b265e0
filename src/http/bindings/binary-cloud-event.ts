import { requestHeaders } from '../send/request-headers.ts';
import { assertAttributes, type CloudEvent, newAttributes, rejectHeaders } from './cloud-event.ts';

/** The prefix of request headers that carry context attributes. */
export const binaryPrefix = 'ce-';

/**
 * Reads an event in the binary mode: its attributes are request headers, and the body is its data.
 *
 * @param headers the request headers by their lower-case names
 * @throws LittoralError `invalid-header`
 * @see CloudEvents HTTP Protocol Binding 1.0.2, section 3.1
 */
export function readBinaryEvent(headers: ReadonlyMap<string, string>, body: Uint8Array | undefined): CloudEvent {
  const attributes = newAttributes();
  for (const [header, value] of headers) {
    if (!header.startsWith(binaryPrefix)) continue;
    const name = header.slice(binaryPrefix.length);
    if (name === 'datacontenttype') {
      throw rejectHeaders(
        "The request header 'ce-datacontenttype' is not allowed: Content-Type is the type of the data.",
      );
    }
    attributes[name] = decodeValue(header, value);
  }
  const identity = assertAttributes(attributes, rejectHeaders);
  return { ...identity, attributes, contentType: headers.get('content-type'), data: body ?? new Uint8Array() };
}

/**
 * Returns the type of an event in the binary mode; undefined for a request in another mode, whose body contains the
 * type.
 *
 * @param rawHeaders names and values in turn, as Node gives them
 * @throws LittoralError `invalid-header`
 */
export function binaryEventType(rawHeaders: readonly string[]): string | undefined {
  const headers = requestHeaders(rawHeaders, (name) => name === typeHeader || name === 'content-type');
  const type = headers.get(typeHeader);
  // A media type of CloudEvents determines the mode, regardless of the other headers.
  const isOther = /cloudevents/i.test(headers.get('content-type') ?? '');
  return type === undefined || isOther ? undefined : decodeValue(typeHeader, type);
}

const typeHeader = `${binaryPrefix}type`;

/** Returns the value of an attribute: without the quotes of a quoted string, then percent-decoded once (section 3.1.3.2). */
function decodeValue(header: string, value: string): string {
  try {
    return decodeURIComponent(unquoted(value));
  } catch {
    throw rejectHeaders(
      `The request header '${header}' is not percent-encoded UTF-8. Write a percent sign that stands for itself as %25.`,
    );
  }
}

/** Returns the content of a quoted string (RFC 9110 section 5.6.4), or the value as it is. */
function unquoted(value: string): string {
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return isQuoted ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}
