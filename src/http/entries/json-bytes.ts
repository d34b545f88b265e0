// These functions find the parts of a JSON text in its bytes without parsing them. The bytes of a payload stay
// unchanged, and only the bus parses them. The functions accept some texts that are not valid JSON. The parsers of the
// parts report these.

/** A part of some bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A field of an object. The name has no quotes, and its escapes are not decoded. */
export interface Member extends Span {
  readonly nameStart: number;
  readonly nameEnd: number;
}

/** The error for bytes that cannot be JSON. */
export class NotJson extends Error {}

const quote = 0x22;
export const comma = 0x2c;
const colon = 0x3a;
const openingBracket = 0x5b;
const backslash = 0x5c;
const closingBracket = 0x5d;
export const openingBrace = 0x7b;
export const closingBrace = 0x7d;

/**
 * Reads the fields of an object.
 *
 * @param onMember called for each, in their order. The function returns the position behind the value
 * @returns the position behind the object
 * @throws NotJson
 */
export function readMembers(bytes: Uint8Array, start: number, onMember: (member: Member) => void): number {
  let at = skipSpace(bytes, start);
  if (bytes[at] !== openingBrace) throw new NotJson('is not an object');
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === closingBrace) return at + 1;
  for (;;) {
    const name = readName(bytes, at);
    const end = endOfValue(bytes, name.valueStart);
    onMember({ nameStart: name.start, nameEnd: name.end, start: name.valueStart, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === closingBrace) return at + 1;
    if (bytes[at] !== comma) throw new NotJson(afterField(bytes, name.valueStart, end));
    at = skipSpace(bytes, at + 1);
  }
}

/** Returns what is wrong behind a value that no comma and no brace follows. */
function afterField(bytes: Uint8Array, start: number, end: number): string {
  const scalar = Buffer.from(bytes.subarray(start, Math.min(end, start + longestScalar))).toString('latin1');
  const isScalar = /^(?:null|true|false|-?\d[\d.eE+-]*|["{[].*)$/s.test(scalar);
  return isScalar ? 'has no comma or } after a field' : 'has a value that is not JSON; text is written in quotes';
}

const longestScalar = 64;

/**
 * Reads the name of a field.
 *
 * @param start the position of the opening quote
 * @throws NotJson
 */
export function readName(bytes: Uint8Array, start: number): Span & { readonly valueStart: number } {
  if (bytes[start] !== quote) throw new NotJson('has a field without a name');
  const behind = endOfText(bytes, start);
  const at = skipSpace(bytes, behind);
  if (bytes[at] !== colon) throw new NotJson('has a field without a value');
  return { start: start + 1, end: behind - 1, valueStart: skipSpace(bytes, at + 1) };
}

/**
 * Reads the items of a list, one after the other.
 *
 * @param start the position of the opening bracket
 * @returns the position behind the list
 * @throws NotJson
 */
export function* readItems(bytes: Uint8Array, start: number): Generator<Span, number, void> {
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === closingBracket) return at + 1;
  for (;;) {
    const end = endOfValue(bytes, at);
    yield { start: at, end };
    at = skipSpace(bytes, end);
    if (bytes[at] === closingBracket) return at + 1;
    if (bytes[at] !== comma) throw new NotJson('has no comma or ] after an item');
    at = skipSpace(bytes, at + 1);
  }
}

/** Returns whether the value at a position is a list. */
export function isList(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === openingBracket;
}

/** Returns the position of the first byte that is no white space of JSON. */
export function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isSpace(bytes[at])) at++;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Returns the position behind a value.
 *
 * @throws NotJson for a value that has no end
 */
function endOfValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === quote) return endOfText(bytes, start);
  if (first === openingBrace || first === openingBracket) return endOfNested(bytes, start);
  let at = start;
  while (at < bytes.length && !endsScalar(bytes[at] as number)) at++;
  if (at === start) throw new NotJson('has a field or an item without a value');
  return at;
}

function endsScalar(byte: number): boolean {
  return byte === comma || byte === closingBrace || byte === closingBracket || isSpace(byte);
}

function endOfNested(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) at = endOfText(bytes, at) - 1;
    else if (byte === openingBrace || byte === openingBracket) depth++;
    else if ((byte === closingBrace || byte === closingBracket) && --depth === 0) return at + 1;
  }
  throw new NotJson('has an object or a list without an end');
}

/** @param start the position of the opening quote */
function endOfText(bytes: Uint8Array, start: number): number {
  const short = Math.min(bytes.length, start + shortText);
  for (let at = start + 1; at < short; at++) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    if (byte === backslash) return endOfTextAt(bytes, at);
  }
  // `indexOf` is many times as fast as a loop. It is called once for each text, because a text of escaped quotes would
  // otherwise need a call for every two bytes.
  const end = bytes.indexOf(quote, short);
  if (end > 0 && bytes[end - 1] !== backslash) return end + 1;
  return endOfTextAt(bytes, start + 1);
}

/** Number of bytes that are read one by one before `indexOf` is called. */
const shortText = 32;

/** @param from a position in the text that does not follow a backslash */
function endOfTextAt(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    if (byte === backslash) at++;
  }
  throw new NotJson('has a text without an end');
}
