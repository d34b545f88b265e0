import { LittoralError } from '../../errors.ts';
import { shorten } from '../../text/shorten.ts';

/** The value of a context attribute. In the binary mode all values are text. */
export type AttributeValue = string | number | boolean;

/** An event as CloudEvents 1.0.2 defines it, in whichever mode it arrived. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  /** The kind of event, such as `com.example.order.placed`. */
  readonly type: string;
  /** All context attributes by name, without `datacontenttype`. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The media type of the data; undefined for an event without data, or whose sender states none. */
  readonly contentType: string | undefined;
  /** The data as bytes; empty for an event without data. */
  readonly data: Uint8Array;
}

/** Creates an object for attributes. It has no prototype, so `__proto__` is refused as any other wrong name. */
export function newAttributes(): Record<string, AttributeValue> {
  return Object.create(null) as Record<string, AttributeValue>;
}

/** Creates the error for an attribute; the two modes answer with different codes. */
export type RejectEvent = (detail: string) => LittoralError;

/** The prefix of the message headers that carry context attributes (CloudEvents AMQP Protocol Binding, section 3.1.3). */
export const attributePrefix = 'cloudEvents_';

/** Returns the error for an event whose headers are wrong. */
export const rejectHeaders: RejectEvent = (detail) => new LittoralError('invalid-header', detail);

/** Returns the error for an event whose body is wrong. */
export const rejectBody: RejectEvent = (detail) => new LittoralError('malformed-body', detail);

const required = ['id', 'source', 'specversion', 'type'] as const;

// CloudEvents 1.0.2, section "Naming conventions".
const attributeName = /^[a-z0-9]+$/;

/**
 * Checks the context attributes of an event.
 *
 * @param attributes all but `datacontenttype`
 * @returns the three attributes that identify the event
 * @throws what `reject` creates: a required attribute is missing or empty, another version, a name that is not allowed,
 * or a value that is not of its type
 * @see CloudEvents 1.0.2, sections "Required attributes" and "Optional attributes"
 */
export function assertAttributes(
  attributes: Readonly<Record<string, AttributeValue>>,
  reject: RejectEvent,
): Pick<CloudEvent, 'id' | 'source' | 'type'> {
  const missing = required.filter((name) => !Object.hasOwn(attributes, name));
  if (missing.length > 0) throw reject(`The CloudEvent has no ${missing.join(' and no ')}, which it needs.`);
  for (const [name, value] of Object.entries(attributes)) assertAttribute(name, value, reject);
  const { id, source, specversion, type } = attributes;
  if (specversion !== '1.0') throw reject("The CloudEvent has another specversion than '1.0', the only known one.");
  return { id: String(id), source: String(source), type: String(type) };
}

/** Attributes that the specification defines as text that is not empty. */
const texts: ReadonlySet<string> = new Set([...required, 'subject', 'dataschema']);

function assertAttribute(name: string, value: AttributeValue, reject: RejectEvent): void {
  if (!attributeName.test(name)) {
    throw reject(
      `The CloudEvent attribute '${shorten(name, 40)}' has a name that is not of lower-case letters and digits.`,
    );
  }
  if (texts.has(name) && (typeof value !== 'string' || value === '')) {
    throw reject(`The CloudEvent attribute '${name}' is not a text with at least one character.`);
  }
  if (typeof value === 'string' && !isAllowedText(value)) {
    throw reject(`The CloudEvent attribute '${name}' contains a control character or is not valid Unicode.`);
  }
  if ((name === 'time' || name === 'expirytime') && timestampMs(value) === undefined) {
    throw reject(`The CloudEvent attribute '${name}' is not a timestamp such as 2026-12-01T09:00:00Z (RFC 3339).`);
  }
}

// CloudEvents 1.0.2, section "Type system", String.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are not allowed
const controls = /[\u0000-\u001f\u007f-\u009f]/;

function isAllowedText(text: string): boolean {
  return text.isWellFormed() && !controls.test(text);
}

// RFC 3339 section 5.6.
const timestamp = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,30})?(?:Z|[+-]\d\d:\d\d)$/i;

/** Returns the milliseconds since 1970 of a timestamp (RFC 3339); undefined if the value is none. */
export function timestampMs(value: AttributeValue | undefined): number | undefined {
  if (typeof value !== 'string' || !timestamp.test(value)) return undefined;
  // `Date.parse` reads 30 February as 2 March.
  const isDay = new Date(value.slice(0, 10)).getUTCDate() === Number(value.slice(8, 10));
  const milliseconds = isDay ? Date.parse(value) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
