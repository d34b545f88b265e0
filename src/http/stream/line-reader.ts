import { isLittoralError, LittoralError } from '../../errors.ts';
import { BodyBuffer } from '../body/body-buffer.ts';
import type { BodyMemory } from '../body/body-memory.ts';
import { isBlank, withoutMark } from '../entries/split-entries.ts';

/** A line with an entry, or the reason why it could not be kept. */
export type Line = Buffer | LittoralError;

export const lineFeed = 0x0a;

/** Finds the lines in pieces of a body. It keeps only the line that is not complete yet, within a limit. */
export class LineReader {
  readonly #maxBytes: number;
  readonly #memory: BodyMemory;
  /** The beginning of a line that is not complete. */
  #begun: BodyBuffer | undefined;
  /** The reason why the rest of the line is discarded. */
  #failure: LittoralError | undefined;
  #isFirst = true;

  /** @param maxBytes the largest line */
  constructor(maxBytes: number, memory: BodyMemory) {
    this.#maxBytes = maxBytes;
    this.#memory = memory;
  }

  /** Returns the number of bytes of the line that is not complete. */
  get pending(): number {
    return this.#begun?.length ?? 0;
  }

  /** Reads the lines that a piece completes. Blank lines are none. */
  *read(piece: Buffer): Generator<Line, void, void> {
    for (let start = 0; ; ) {
      const end = piece.indexOf(lineFeed, start);
      if (end === -1) {
        if (start < piece.length) this.#keep(piece.subarray(start));
        return;
      }
      const line = this.#complete(piece.subarray(start, end));
      if (line) yield line;
      start = end + 1;
    }
  }

  /** Returns the last line, if it has no end. */
  end(): Line | undefined {
    return this.#complete(Buffer.alloc(0));
  }

  /** Releases the memory of the line that is not complete. */
  release(): void {
    this.#begun?.release();
    this.#begun = undefined;
  }

  #complete(rest: Buffer): Line | undefined {
    let bytes = rest;
    if (this.#begun || this.#failure || rest.length > this.#maxBytes) {
      this.#keep(rest);
      const failure = this.#failure;
      this.#failure = undefined;
      // The caller has dealt with a line before the next one is kept.
      bytes = this.#begun?.finish() ?? bytes;
      this.release();
      if (failure) return failure;
    }
    const line = this.#isFirst ? withoutMark(bytes) : bytes;
    this.#isFirst = false;
    return isBlank(line) ? undefined : line;
  }

  #keep(piece: Buffer): void {
    if (this.#failure) return;
    this.#begun ??= new BodyBuffer(this.#memory, { maxBytes: this.#maxBytes, announced: 0 });
    try {
      this.#begun.append(piece);
    } catch (error) {
      this.release();
      this.#failure = this.#explained(error);
    }
  }

  #explained(error: unknown): LittoralError {
    if (!isLittoralError(error)) throw error;
    if (error.code !== 'body-too-large') return error;
    return new LittoralError('body-too-large', `The line is longer than ${this.#maxBytes} bytes.`);
  }
}
