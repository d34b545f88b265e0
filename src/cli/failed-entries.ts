import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** The file with the entries of a batch that failed, as they are written in the batch. It exists once one has failed. */
export class FailedEntries {
  readonly #path: string;
  readonly #flags: 'a' | 'w';
  #file: WriteStream | undefined;
  #error: Error | undefined;

  /** @param isResumed true if the file of an earlier part of the same batch goes on */
  constructor(path: string, isResumed: boolean) {
    this.#path = path;
    this.#flags = isResumed ? 'a' : 'w';
  }

  add(line: Uint8Array): void {
    this.#file ??= createWriteStream(this.#path, { flags: this.#flags }).on('error', (error) => {
      this.#error = error;
    });
    this.#file.write(Buffer.concat([line, Buffer.from('\n')]));
  }

  /** Resolves when the file is written. @throws what prevents it */
  async close(): Promise<void> {
    if (!this.#file) return;
    this.#file.end();
    if (!this.#error) await finished(this.#file);
    if (this.#error) throw this.#error;
  }
}
