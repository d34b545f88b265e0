import { createWriteStream, type WriteStream } from 'node:fs';
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
    this.#file ??= createWriteStream(this.#path, { flags: this.#flags }).on('error', (error) => {
      this.#error = error;
    });
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
