import { occursTwice } from '../../conversion/json/repeated-member.ts';
import { type Issue, LittoralError } from '../../errors.ts';
import { escapePointer } from '../../text/json-pointer.ts';
import { shorten } from '../../text/shorten.ts';
import { type Member, NotJson, readMembers, type Span, skipSpace } from './json-bytes.ts';

/** The fields of an entry. */
export const entryFields = [
  'kind',
  'destination',
  'routingKey',
  'payload',
  'bodyBase64',
  'contentType',
  'convertTo',
  'headers',
  'messageId',
  'idempotencyKey',
  'correlationId',
  'parentId',
  'delayMs',
  'timeToLiveMs',
  'priority',
] as const;

export type EntryField = (typeof entryFields)[number];

/** The fields by the length of their names, so that a name is compared within the text and is not copied. */
const fieldsByLength: readonly (readonly EntryField[])[] = Array.from({ length: 16 }, (_, length) =>
  entryFields.filter((field) => field.length === length),
);

/** Maximum number of issues of an entry. The rest of the entry is not read. */
const maxIssues = 10;

const quote = 0x22;
const backslash = 0x5c;

/** The unparsed fields of one entry, and their issues. */
export class EntryFields {
  readonly #bytes: Buffer;
  readonly #spans: Partial<Record<EntryField, Span>> = {};
  readonly #issues: Issue[] = [];
  #hasUnknown = false;

  /**
   * @param bytes a JSON text in UTF-8
   * @throws LittoralError `malformed-body` for another text than an object, `invalid-entry` for too many issues
   */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    readObject(bytes, (member) => {
      const field = fieldAt(bytes, member);
      if (field === undefined) this.#addUnknown(nameOf(bytes, member));
      else if (this.#spans[field]) this.addIssue(`/${field}`, occursTwice);
      else this.#spans[field] = member;
    });
  }

  has(field: EntryField): boolean {
    const span = this.#spans[field];
    // In JSON, null often stands for a field that is absent. A payload can be null.
    return span !== undefined && (field === 'payload' || !this.#isNull(span));
  }

  /** Returns the unparsed bytes of a value; undefined for an absent field. */
  written(field: EntryField): Buffer | undefined {
    const span = this.#spans[field];
    return span && this.has(field) ? this.#bytes.subarray(span.start, span.end) : undefined;
  }

  /** Returns a text; undefined for an absent field. A value that is not text is an issue. */
  text(field: EntryField): string | undefined {
    const span = this.#spans[field];
    if (span === undefined || this.#isNull(span)) return undefined;
    const plain = plainText(this.#bytes, span);
    if (plain !== undefined) return plain;
    const value = parsed(this.#bytes.toString('utf8', span.start, span.end));
    if (typeof value === 'string' && value.isWellFormed()) return value;
    this.addIssue(`/${field}`, typeof value === 'string' ? 'is not valid Unicode' : 'must be text');
    return undefined;
  }

  /** Returns an integer; undefined for an absent field. Another value is an issue. */
  integer(field: EntryField, min: number, max: number): number | undefined {
    const bytes = this.written(field);
    if (bytes === undefined) return undefined;
    const text = bytes.subarray(0, 20).toString('latin1');
    const value = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    this.addIssue(`/${field}`, `must be an integer from ${min} to ${max}`);
    return undefined;
  }

  /** @throws LittoralError `invalid-entry` if there are too many: the rest of the entry is not read */
  addIssue(path: string, message: string): void {
    this.#issues.push({ path, message });
    if (this.#issues.length >= maxIssues) this.assertValid();
  }

  /** @throws LittoralError `invalid-entry` with all issues; the text has only the first one */
  assertValid(): void {
    const [first, ...others] = this.#issues;
    if (first === undefined) return;
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    const detail = `The entry is not valid: ${first.path.slice(1)} ${first.message}${more}.`;
    throw new LittoralError('invalid-entry', detail, { issues: this.#issues });
  }

  #isNull({ start, end }: Span): boolean {
    // Most values have another length, so they need not be copied for the comparison.
    return end - start === 4 && this.#bytes.toString('latin1', start, end) === 'null';
  }

  #addUnknown(name: string): void {
    const short = shorten(name, 40);
    const fields = this.#hasUnknown ? '' : `; the fields are ${entryFields.join(', ')}`;
    this.#hasUnknown = true;
    this.addIssue(`/${escapePointer(short)}`, `is not known${fields}`);
  }
}

/**
 * Calls a function for each field of an object, with its decoded name.
 *
 * @throws LittoralError `malformed-body`
 */
export function eachMember(bytes: Buffer, onMember: (name: string, member: Member) => void): void {
  readObject(bytes, (member) => onMember(nameOf(bytes, member), member));
}

function readObject(bytes: Buffer, onMember: (member: Member) => void): void {
  try {
    const end = readMembers(bytes, 0, onMember);
    if (skipSpace(bytes, end) < bytes.length) throw new NotJson('has characters after the object');
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    throw new LittoralError(
      'malformed-body',
      `The entry is not a JSON object${error.message === 'is not an object' ? '' : `: it ${error.message}`}.`,
    );
  }
}

/** Returns the field with a name; undefined for an unknown name. */
function fieldAt(bytes: Buffer, member: Member): EntryField | undefined {
  const { nameStart, nameEnd } = member;
  for (const field of fieldsByLength[nameEnd - nameStart] ?? []) {
    let at = 0;
    while (at < field.length && bytes[nameStart + at] === field.charCodeAt(at)) at++;
    if (at === field.length) return field;
  }
  // The name can contain escapes for the letters of a field.
  const name = nameOf(bytes, member);
  return entryFields.find((field) => field === name);
}

/** Returns a text without a JSON parser; undefined for another value, and for a text that needs a parser. */
function plainText(bytes: Buffer, { start, end }: Span): string | undefined {
  if (bytes[start] !== quote) return undefined;
  for (let at = start + 1; at < end - 1; at++) {
    const byte = bytes[at] as number;
    if (byte === backslash || byte < 0x20 || byte > 0x7e) return undefined;
  }
  return bytes.toString('latin1', start + 1, end - 1);
}

function nameOf(bytes: Buffer, { nameStart, nameEnd }: Member): string {
  for (let at = nameStart; at < nameEnd; at++) {
    const byte = bytes[at] as number;
    if (byte === backslash || byte < 0x20 || byte > 0x7e) return parsedName(bytes.toString('utf8', nameStart, nameEnd));
  }
  return bytes.toString('latin1', nameStart, nameEnd);
}

function parsedName(text: string): string {
  const name = parsed(`"${text}"`);
  if (typeof name === 'string') return name;
  throw new NotJson('has a name that JSON does not have');
}

/** @returns undefined for a text that is not JSON; no JSON text gives undefined */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
