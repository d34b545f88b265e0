import { emptySequence, hashOfLength, hashWith, maxFieldSequences, sequenceFields } from '../field-sequences.ts';
import { maxObjectFields } from '../object-fields.ts';

/** Maximum number of nested objects and lists of JSON. */
export const maxJsonDepth = 50_000;
/**
 * Maximum number of commas between the items and fields of a JSON text that is dense with them. Each item of a long list
 * takes time in all that follows, such as the check of a type.
 */
export const maxJsonCommas = 200_000;
/** Number of bytes for each comma from which on a JSON text is not dense with them. */
const bytesOfComma = 6;
/** Maximum number of empty objects in a JSON text. `JSON.parse` is five times slower for them than for empty lists. */
export const maxEmptyObjects = 200_000;

const quote = 0x22;
const backslash = 0x5c;
const openingBracket = 0x5b;
const closingBracket = 0x5d;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
const colon = 0x3a;
const comma = 0x2c;

/** A limit of a JSON text. */
export type JsonLimit = 'depth' | 'fields' | 'sequences' | 'empty objects' | 'commas';

/**
 * Returns the limit that a JSON text exceeds; undefined if it exceeds none. The depth takes precedence.
 * `JSON.parse` itself has no limits. A nested bracket takes it ten times as long as one that is not nested, and a field
 * of a large object takes it several times as long as an item of a list.
 *
 * @param bytes the text, which may be invalid JSON
 */
export function exceededLimit(bytes: Uint8Array): JsonLimit | undefined {
  // A text of this size cannot exceed any limit.
  if (bytes.length <= maxJsonDepth) return undefined;
  /** The number of fields of the open object so far, by depth. */
  const fields: number[] = [];
  /** The names of these fields, by depth. */
  const names: number[] = [];
  const sequences = new Set<number>();
  let emptyObjects = 0;
  let commas = 0;
  let depth = 0;
  let hasTooManyFields = false;
  let textStart = 0;
  let textEnd = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === quote) {
      textStart = index + 1;
      index = endOfText(bytes, textStart);
      textEnd = index;
    } else if (byte === comma) commas += 1;
    else if (byte === openingBracket || byte === openingBrace) {
      if (++depth > maxJsonDepth) return 'depth';
      fields[depth] = 0;
      names[depth] = emptySequence;
    } else if (byte === closingBracket) depth--;
    else if (byte === closingBrace) {
      if (fields[depth] === 0) emptyObjects += 1;
      depth--;
    } else if (byte === colon) {
      const count = (fields[depth] ?? 0) + 1;
      fields[depth] = count;
      if (count > maxObjectFields) hasTooManyFields = true;
      if (count > sequenceFields || sequences.size > maxFieldSequences) continue;
      const sequence = hashed(bytes, textStart, textEnd, names[depth] ?? emptySequence);
      names[depth] = sequence;
      sequences.add(sequence);
    }
  }
  if (hasTooManyFields) return 'fields';
  if (sequences.size > maxFieldSequences) return 'sequences';
  if (emptyObjects > maxEmptyObjects) return 'empty objects';
  return commas > maxJsonCommas && commas * bytesOfComma > bytes.length ? 'commas' : undefined;
}

/**
 * Returns a JSON text that is valid exactly if the given text is valid, and that `JSON.parse` parses fast even if the
 * given text exceeds the limit of fields, sequences or empty objects. Field names are replaced by other names of the
 * same length, and empty objects by empty lists.
 */
export function simplified(bytes: Uint8Array): Buffer {
  const json = Buffer.from(bytes);
  let textStart = 0;
  let textEnd = 0;
  let opened = -1;
  for (let index = 0; index < json.length; index++) {
    const byte = json[index];
    if (byte === closingBrace && opened >= 0) {
      json[opened] = openingBracket;
      json[index] = closingBracket;
    } else if (byte === colon && isPlainText(json, textStart, textEnd)) json.fill('a', textStart, textEnd);
    if (byte === openingBrace) opened = index;
    else if (!isWhiteSpace(byte)) opened = -1;
    if (byte !== quote) continue;
    textStart = index + 1;
    index = endOfText(json, textStart);
    textEnd = index;
  }
  return json;
}

/** @param start the index after the opening quote @returns the index of the closing quote, or of the end of the text */
function endOfText(bytes: Uint8Array, start: number): number {
  let index = start;
  for (; index < bytes.length && bytes[index] !== quote; index++) if (bytes[index] === backslash) index++;
  return index;
}

function hashed(bytes: Uint8Array, start: number, end: number, sequence: number): number {
  let hash = hashOfLength(sequence, end - start);
  for (let index = start; index < end; index++) hash = hashWith(hash, bytes[index] as number);
  return hash;
}

const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a text in JSON cannot contain these characters
const refused = /[\\\u0000-\u001f]/;

/** Returns whether a text of JSON is valid between its quotes. */
function isPlainText(json: Buffer, start: number, end: number): boolean {
  return start < end && !refused.test(json.toString('latin1', start, end).replace(escapeSequence, ''));
}

function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
