import { LittoralError } from '../../errors.ts';
import { shorten } from '../../text/shorten.ts';
import { WorkSlices } from '../../time/work-slices.ts';
import { closingBrace, comma, isList, NotJson, openingBrace, readItems, readName, skipSpace } from './json-bytes.ts';

/** The bytes of each entry of a request. */
export type EntryBytes = readonly Buffer[];

const byteOrderMark = Buffer.from('\ufeff');
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Finds the entries of a JSON body: `{"entries": […]}`. It does not parse them.
 *
 * @throws LittoralError `malformed-body` for another body, `body-too-large` for too many entries
 */
export async function entriesOfJson(body: Buffer, maxEntries: number): Promise<EntryBytes> {
  const bytes = withoutMark(body);
  return withReason(malformed, async () => {
    let at = skipSpace(bytes, 0);
    if (bytes[at] !== openingBrace) throw new NotJson('it is not an object');
    at = skipSpace(bytes, at + 1);
    if (bytes[at] === closingBrace) throw new NotJson("it has no 'entries'");
    const { entries, end } = await readEntries(bytes, at, maxEntries);
    at = skipSpace(bytes, end);
    if (bytes[at] === comma) nameOf(bytes, skipSpace(bytes, at + 1), true);
    if (bytes[at] !== closingBrace) throw new NotJson('it has no } at its end');
    if (skipSpace(bytes, at + 1) < bytes.length) throw new NotJson('it has characters after the object');
    return entries;
  });
}

async function readEntries(bytes: Buffer, at: number, maxEntries: number) {
  const valueStart = nameOf(bytes, at, false);
  if (!isList(bytes, valueStart)) throw new NotJson("its 'entries' is not a list");
  return readList(bytes, valueStart, maxEntries);
}

/** Reads the name of a field, which must be the only one. @returns the position of its value */
function nameOf(bytes: Buffer, at: number, isSecond: boolean): number {
  const { start, end, valueStart } = readName(bytes, at);
  const name = bytes.toString('utf8', start, end);
  if (name !== 'entries') throw new NotJson(`it has the field '${shorten(name, 40)}', which is not known`);
  if (isSecond) throw new NotJson("it has 'entries' twice");
  return valueStart;
}

/**
 * Finds the events of a batch of CloudEvents: a list. It does not parse them.
 *
 * @throws LittoralError `malformed-body` for another body, `body-too-large` for too many events
 */
export async function eventsOfList(body: Buffer, maxEntries: number): Promise<EntryBytes> {
  const bytes = withoutMark(body);
  return withReason(malformedEvents, async () => {
    const start = skipSpace(bytes, 0);
    if (!isList(bytes, start)) throw new NotJson('it is not a list');
    const { entries, end } = await readList(bytes, start, maxEntries);
    if (skipSpace(bytes, end) < bytes.length) throw new NotJson('it has characters after the list');
    return entries;
  });
}

/** Reads a list in slices, because it can be large. */
async function readList(bytes: Buffer, start: number, maxEntries: number) {
  const entries: Buffer[] = [];
  const slices = new WorkSlices();
  const items = readItems(bytes, start);
  for (let next = items.next(); ; next = items.next()) {
    if (next.done) return { entries, end: next.value };
    entries.push(bytes.subarray(next.value.start, next.value.end));
    if (entries.length > maxEntries) throw tooMany(maxEntries);
    if (slices.isOver) await slices.pause();
  }
}

async function withReason<Result>(toError: (reason: string) => LittoralError, read: () => Promise<Result>) {
  try {
    return await read();
  } catch (error) {
    throw error instanceof NotJson ? toError(error.message) : error;
  }
}

/**
 * Finds the entries of an NDJSON body, one on each line. Ignores empty lines, and accepts a last line without an end.
 * Works in slices of time, because the body can be large.
 *
 * @throws LittoralError `body-too-large` for too many entries
 */
export async function entriesOfLines(body: Buffer, maxEntries: number): Promise<EntryBytes> {
  const bytes = withoutMark(body);
  const entries: Buffer[] = [];
  const slices = new WorkSlices();
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(lineFeed, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    if (!isBlank(line)) entries.push(line);
    if (entries.length > maxEntries) throw tooMany(maxEntries);
    start = end + 1;
    if (slices.isOver) await slices.pause();
  }
  return entries;
}

/** Returns whether a line is blank. */
export function isBlank(line: Uint8Array): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === carriageReturn) || skipSpace(line, 0) >= line.length;
}

/** Returns bytes without the byte order mark that some programs write (RFC 8259 section 8.1). */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes.indexOf(byteOrderMark) === 0 ? bytes.subarray(byteOrderMark.length) : bytes;
}

function malformed(reason: string): LittoralError {
  const detail = `Nothing was sent: the body is not {"entries": [{"kind": "command", "destination": "billing", "routingKey": "billing.changeDetails", "payload": {}}]}: ${reason}. As application/x-ndjson, send an entry in each line.`;
  return new LittoralError('malformed-body', detail);
}

function malformedEvents(reason: string): LittoralError {
  const detail = `Nothing was sent: the body is not a batch of CloudEvents, which is a list: ${reason}.`;
  return new LittoralError('malformed-body', detail);
}

function tooMany(maxEntries: number): LittoralError {
  const detail = `Nothing was sent: the batch holds more than http.batchMaxEntries (${maxEntries}) entries. Divide it, or use POST /stream, which has no end.`;
  return new LittoralError('body-too-large', detail);
}
