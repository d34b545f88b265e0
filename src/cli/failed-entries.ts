import { createWriteStream, fstatSync, openSync, type Stats, statSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** The file with the failed entries of a batch. The first failed entry creates it. */
export class FailedEntries {
  readonly #path: string;
  readonly #flags: 'a' | 'w';
  #file: WriteStream | undefined;
  #error: Error | undefined;
  #drained: Promise<void> | undefined;

  /** @param isResumed true to append to the file of an earlier part of the same batch */
  constructor(path: string, isResumed: boolean) {
    this.#path = path;
    this.#flags = isResumed ? 'a' : 'w';
  }

  /** Adds a line. @returns a promise if the caller must wait for it before the next line */
  add(line: Uint8Array): Promise<void> | undefined {
    if (this.#error) return undefined;
    try {
      // Opened at once, so that the caller knows before the next entry whether the file can be written.
      this.#file ??= createWriteStream('', { fd: openSync(this.#path, this.#flags) }).on('error', (error) => {
        this.#error = error;
      });
    } catch (error) {
      this.#error = error as Error;
      return undefined;
    }
    if (!this.#file.write(Buffer.concat([line, Buffer.from('\n')]))) this.#drained ??= this.#untilDrained(this.#file);
    return this.#drained;
  }

  /** Resolves when the file accepts further lines, or after an error of the file. */
  async #untilDrained(file: WriteStream): Promise<void> {
    await new Promise<void>((resolve) => file.once('drain', resolve).once('close', resolve));
    this.#drained = undefined;
  }

  /** Returns the error because of which the file does not have all entries; undefined if it has them. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Resolves when the file is written, or cannot be written. */
  async close(): Promise<void> {
    if (!this.#file || this.#error) return;
    this.#file.end();
    await finished(this.#file).catch((error) => {
      this.#error = error;
    });
  }
}

/**
 * Returns whether the entries that are read would be overwritten.
 *
 * @param batch a path, or - for standard input
 */
export function isSameFile(batch: string, failedFile: string): boolean {
  const read = statsOf(() => (batch === '-' ? fstatSync(0) : statSync(batch)));
  const written = statsOf(() => statSync(failedFile));
  if (read === undefined || written === undefined || !read.isFile()) return false;
  return read.dev === written.dev && read.ino === written.ino;
}

function statsOf(read: () => Stats): Stats | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
