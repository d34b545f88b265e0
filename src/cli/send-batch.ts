import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { OrderedSends, SendResult } from '../bus/ordered-sends.ts';
import { isOfBroker } from '../bus/ordered-sends.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import { unreadable } from '../file/setting-file.ts';
import { BodyMemory } from '../http/body/body-memory.ts';
import { entryOrError } from '../http/entries/entries-to-message.ts';
import { readEntryDefaults } from '../http/entries/entry-defaults.ts';
import { maxEntryBytes } from '../http/entries/entry-size.ts';
import { readEntry } from '../http/entries/read-entry.ts';
import { LineReader } from '../http/stream/line-reader.ts';
import { printable } from './printable.ts';
import { withMessageId } from './with-message-id.ts';

/** The progress of sending a batch. */
export interface BatchProgress {
  readonly bytes: number;
  /** 0 if the size is not known. */
  readonly totalBytes: number;
  readonly accepted: number;
  readonly failed: number;
}

/** The outcome of sending a batch. */
export interface BatchOutcome {
  /** The index of the first entry whose outcome is not known. */
  readonly next: number;
  readonly accepted: number;
  readonly failed: number;
  /** Number of entries that were read, with those that were skipped. */
  readonly read: number;
  /** The error that ended the sending before the end of the input. */
  readonly error: LittoralError | undefined;
}

export interface BatchInput {
  /** The input. Destroying it ends a stopped batch that waits for input. */
  readonly pieces: Readable;
  readonly totalBytes: number;
}

export interface BatchOptions {
  /** The index of the first entry to send. Entries before it are skipped. */
  readonly from: number;
  /** The key that, with the index, determines the id of each entry that has none. */
  readonly idempotencyKey: string;
  /** Maximum size of a payload. */
  readonly maxBytes: number;
  readonly onProgress: (progress: BatchProgress) => void;
  /**
   * Called with each entry that failed: the line to send again, or undefined for a line that was too long to keep.
   *
   * @returns a promise if no further entry may be read before it resolves
   */
  readonly onFailed: (index: number, line: Buffer | undefined, error: LittoralError) => Promise<void> | undefined;
  /** Returns whether the caller has stopped the batch. */
  readonly isStopped: () => boolean;
}

/**
 * @param file a path, or - for standard input
 * @throws LittoralError `wrong-usage` for a file that cannot be read
 */
export async function openBatch(file: string): Promise<BatchInput> {
  if (file === '-') return { pieces: process.stdin, totalBytes: 0 };
  const handle = await open(file).catch((cause) => {
    throw new LittoralError('wrong-usage', `The batch file ${unreadable(cause, printable(file))}.`);
  });
  const stats = await handle.stat();
  if (stats.isDirectory()) {
    await handle.close();
    throw new LittoralError('wrong-usage', `The batch file ${printable(file)} is a directory.`);
  }
  const { size } = stats;
  return { pieces: createReadStream('', { fd: handle, highWaterMark: 256 * 1024 }), totalBytes: size };
}

/** Sends the entries of a file in their order, until an error that concerns the broker. */
export async function sendBatch(input: BatchInput, sends: OrderedSends, options: BatchOptions): Promise<BatchOutcome> {
  const { from, maxBytes, onProgress, onFailed } = options;
  const headers = ['idempotency-key', options.idempotencyKey];
  const defaults = readEntryDefaults(headers, { forwardHeaders: {} });
  const lines = new LineReader(maxEntryBytes(maxBytes), new BodyMemory(Number.POSITIVE_INFINITY));
  let [bytes, index, accepted, failed] = [0, 0, 0, 0];
  let next: number | undefined;
  let error: LittoralError | undefined;
  let written: Promise<void> | undefined;

  const onResult = (at: number, line: Buffer | undefined, result: SendResult, id?: string) => {
    if (result.receipt) {
      accepted += 1;
    } else if (isOfBroker(result.error)) {
      next = Math.min(next ?? at, at);
      error ??= result.error;
    } else {
      failed += 1;
      const known = asKnown(result.error);
      // The broker may have the message. With another id, the line would be a second message.
      const again = line && id !== undefined && known.outcome === 'unknown' ? withMessageId(line, id) : line;
      written = onFailed(at, again, known);
    }
  };
  const sendLine = async (line: Buffer | LittoralError) => {
    const at = index++;
    if (at < from) return;
    const text = isLittoralError(line) ? undefined : line;
    const entry = entryOrError(() => {
      if (isLittoralError(line)) throw line;
      return readEntry(line, at, defaults, { bodyLimit: maxBytes, limitName: 'broker.maxMessageBytes' });
    }, '');
    if (isLittoralError(entry)) onResult(at, text, { error: entry });
    else await sends.push(entry, (result) => onResult(at, text, result, entry.id));
    await written;
  };

  const isOver = () => error !== undefined || options.isStopped();
  for await (const piece of untilStopped(input.pieces, options.isStopped)) {
    bytes += piece.byteLength;
    for (const line of lines.read(piece)) {
      if (isOver()) break;
      await sendLine(line);
      onProgress({ bytes, totalBytes: input.totalBytes, accepted, failed });
    }
    if (isOver()) break;
  }
  const last = isOver() ? undefined : lines.end();
  if (last) await sendLine(last);
  await sends.settle();
  return { next: next ?? Math.max(index, from), accepted, failed, read: index, error };
}

/** Destroyed input ends with an error. In a stopped batch, that error is expected. */
async function* untilStopped(pieces: Readable, isStopped: () => boolean): AsyncGenerator<Buffer> {
  try {
    yield* pieces;
  } catch (error) {
    if (!isStopped()) throw error;
  }
}

function asKnown(error: unknown): LittoralError {
  return isLittoralError(error) ? error : new LittoralError('internal-error', 'An entry failed.', { cause: error });
}
