/** The media type of an event in the structured mode. */
export const structuredMediaType = 'application/cloudevents+json';

/** The media type of several events. */
export const batchMediaType = 'application/cloudevents-batch+json';

/** The value of a context attribute of a CloudEvent. In the binary mode of HTTP all values are text. */
export type AttributeValue = string | number | boolean;

/** The prefix of the message headers that carry context attributes (CloudEvents AMQP Protocol Binding, section 3.1.3). */
export const attributePrefix = 'cloudEvents_';

/**
 * All prefixes that other programs write: both forms of the AMQP binding, and the one of Knative's binding for AMQP
 * 0-9-1.
 */
export const attributePrefixes: readonly string[] = [attributePrefix, 'cloudEvents:', 'ce-'];

/** Returns whether a message header carries an attribute of the CloudEvent as which the message was sent. */
export function isAttributeHeader(name: string): boolean {
  return attributePrefixes.some((prefix) => name.startsWith(prefix));
}

// CloudEvents 1.0.2, section "Naming conventions".
const attributeName = /^[a-z0-9]+$/;

// CloudEvents 1.0.2, section "Type system", String.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are not allowed
const forbidden = /[\u0000-\u001f\u007f-\u009f]|\p{Noncharacter_Code_Point}/u;

/** Returns whether CloudEvents allows a text: valid Unicode without control characters and noncharacters. */
export function isAttributeText(text: string): boolean {
  return text.isWellFormed() && !forbidden.test(text);
}

/** Returns whether a number is in the range of the only numbers of CloudEvents: integers of 32 bits. */
export function isAttributeInteger(value: number): boolean {
  return (value | 0) === value;
}

// RFC 3339 section 5.6.
const timestamp = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,30})?(?:Z|[+-]\d\d:\d\d)$/i;

/** Returns the milliseconds since 1970 of a timestamp (RFC 3339); undefined if the value is none. */
export function timestampMs(value: unknown): number | undefined {
  if (typeof value !== 'string' || !timestamp.test(value)) return undefined;
  // `Date.parse` reads 30 February as 2 March.
  const isDay = new Date(value.slice(0, 10)).getUTCDate() === Number(value.slice(8, 10));
  const milliseconds = isDay ? Date.parse(value) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** Attributes that the specification defines as text that is not empty. */
const texts: ReadonlySet<string> = new Set(['id', 'source', 'specversion', 'type', 'subject', 'dataschema']);

/**
 * Describes the issue of an attribute, as the end of a sentence that begins with its name.
 *
 * @returns undefined for one that CloudEvents allows
 */
export function validateAttribute(name: string, value: AttributeValue): string | undefined {
  if (name === 'data') return 'has a name that CloudEvents reserves';
  if (!attributeName.test(name)) return 'has a name that is not of lower-case letters and digits';
  if (texts.has(name) && (typeof value !== 'string' || value === ''))
    return 'is not a text with at least one character';
  if (typeof value === 'string' && !isAttributeText(value)) {
    return 'contains a control character or is not valid Unicode';
  }
  if ((name === 'time' || name === 'expirytime') && timestampMs(value) === undefined) {
    return 'is not a timestamp such as 2026-12-01T09:00:00Z (RFC 3339)';
  }
  return undefined;
}
