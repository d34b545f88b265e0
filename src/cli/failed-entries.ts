import { createWriteStream, fstatSync, openSync, type Stats, statSync, type WriteStream } from 'node:fs';
import { join, parse } from 'node:path';
import { finished } from 'node:stream/promises';

/** Maximum number of files of failed entries with the same name and different numbers. */
const maxFiles = 1_000;

/**
 * The file with the failed entries of a batch. The first failed entry creates or opens it. The entries of an earlier
 * file are never overwritten.
 */
export class FailedEntries {
  readonly #wanted: string;
  readonly #appends: boolean;
  #path: string;
  #file: WriteStream | undefined;
  #error: Error | undefined;
  #drained: Promise<void> | undefined;

  /** @param appends true to append to a file that exists; false to create one, with a number in its name if necessary */
  constructor(path: string, appends: boolean) {
    this.#wanted = path;
    this.#path = path;
    this.#appends = appends;
  }

  /** Returns the path of the file; before the first entry, the path that was asked for. */
  get path(): string {
    return this.#path;
  }

  /** Adds a line. @returns a promise if the caller must wait for it before the next line */
  add(line: Uint8Array): Promise<void> | undefined {
    if (this.#error) return undefined;
    try {
      // Opened at once, so that the caller knows before the next entry whether the file can be written.
      this.#file ??= createWriteStream('', { fd: this.#open() }).on('error', (error) => {
        this.#error = error;
      });
    } catch (error) {
      this.#error = error as Error;
      return undefined;
    }
    if (!this.#file.write(Buffer.concat([line, Buffer.from('\n')]))) this.#drained ??= this.#untilDrained(this.#file);
    return this.#drained;
  }

  #open(): number {
    if (this.#appends) return openSync(this.#path, 'a');
    for (let number = 1; ; number += 1) {
      this.#path = numbered(this.#wanted, number);
      try {
        return openSync(this.#path, 'wx');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === maxFiles) throw error;
      }
    }
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

/** Returns a path with a number before its extension, beginning with the second file: `orders.ndjson.2.failed`. */
function numbered(path: string, number: number): string {
  const { dir, name, ext } = parse(path);
  return number === 1 ? path : join(dir, `${name}.${number}${ext}`);
}

/** Returns whether a file has entries of an earlier run. A device has none. */
export function hasEntries(path: string): boolean {
  const stats = statsOf(() => statSync(path));
  return stats?.isFile() === true && stats.size > 0;
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
