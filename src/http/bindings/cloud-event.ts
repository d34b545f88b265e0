import { LittoralError } from '../../errors.ts';
import { type AttributeValue, validateAttribute } from '../../message/cloud-events.ts';
import { shorten } from '../../text/shorten.ts';

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

/** Returns the error for an event whose headers are wrong. */
export const rejectHeaders: RejectEvent = (detail) => new LittoralError('invalid-header', detail);

/** Returns the error for an event whose body is wrong. */
export const rejectBody: RejectEvent = (detail) => new LittoralError('malformed-body', detail);

/** Maximum number of attributes of an event, `datacontenttype` counted. */
export const maxAttributes = 1_000;

const required = ['id', 'source', 'specversion', 'type'] as const;

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
  for (const [name, value] of Object.entries(attributes)) {
    const issue = validateAttribute(name, value);
    if (issue !== undefined) throw reject(`The CloudEvent attribute '${shorten(name, 40)}' ${issue}.`);
  }
  const { id, source, specversion, type } = attributes;
  if (specversion !== '1.0') throw reject("The specversion of the CloudEvent is not '1.0', the only known one.");
  return { id: String(id), source: String(source), type: String(type) };
}
