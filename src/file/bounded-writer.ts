import { writeSync } from 'node:fs';

export interface BoundedWriterOptions {
  /** A function that opens the file descriptor at the first write. A write to it must not block. */
  readonly open: () => number;
  /** Maximum number of buffered bytes. Default: 4 MiB. */
  readonly maxBytes?: number;
  /** A callback with the number of dropped lines, once the whole buffer has been written. */
  readonly onRecovery?: (dropped: number) => void;
}

const defaultMaxBytes = 4 * 1_048_576;
const pauseMs = { first: 20, longest: 1_000 } as const;
/** Maximum size of one write from the buffer. */
const chunkBytes = 65_536;
/** Maximum number of chunks in one turn of the event loop, which a long backlog must not block. */
const chunksInTurn = 16;
/** Number of new bytes after which the buffer is tried again at once: the reader can be faster than the next pause. */
const impatientBytes = 16_384;

/**
 * A writer of lines to a file descriptor, in order and without blocking. Lines that cannot be written are buffered and
 * tried again. Beyond the limit, lines are dropped and counted until the whole buffer has been written, so that they
 * leave one gap. It never throws: a failed log write must not stop the logged work.
 */
export class BoundedWriter {
  readonly #options: BoundedWriterOptions;
  readonly #maxBytes: number;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #untriedBytes = 0;
  #gap = 0;
  #dropped = 0;
  #fd: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #pauseMs: number = pauseMs.first;

  constructor(options: BoundedWriterOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
  }

  /** Returns the number of dropped lines since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#keptBytes === 0) {
      const rest = this.#attempt(bytes);
      // A partly written line is completed, however long it is.
      if (rest.length > 0) this.#keep(rest);
      return;
    }
    if (this.#gap > 0 || this.#keptBytes + bytes.length > this.#maxBytes) {
      this.#gap += 1;
      this.#dropped += 1;
    } else {
      this.#keep(bytes);
      this.#untriedBytes += bytes.length;
      if (this.#untriedBytes >= impatientBytes) this.#drain();
    }
  }

  /** Writes the buffer at the end of the process. Blocks while the reader takes bytes, up to the timeout. */
  flush(timeoutMs: number): void {
    const deadline = performance.now() + timeoutMs;
    const sleeping = new Int32Array(new SharedArrayBuffer(4));
    while (this.#keptBytes > 0 && performance.now() < deadline) {
      if (this.#drain() === 'refused') Atomics.wait(sleeping, 0, 0, 5);
    }
  }

  #keep(bytes: Buffer): void {
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    this.#retry ??= setTimeout(() => this.#tryAgain(), this.#pauseMs).unref();
  }

  #tryAgain(): void {
    this.#retry = undefined;
    this.#pauseMs = this.#drain() === 'taken' ? pauseMs.first : Math.min(this.#pauseMs * 2, pauseMs.longest);
    if (this.#keptBytes > 0) this.#retry ??= setTimeout(() => this.#tryAgain(), this.#pauseMs).unref();
  }

  /** Writes from the buffer. @returns whether any bytes were taken */
  #drain(): 'taken' | 'refused' {
    this.#untriedBytes = 0;
    const before = this.#keptBytes;
    for (let count = 0; count < chunksInTurn && this.#keptBytes > 0; count += 1) {
      const chunk = this.#takeChunk();
      const rest = this.#attempt(chunk);
      this.#keptBytes -= chunk.length - rest.length;
      if (rest.length > 0) this.#kept.unshift(rest);
      if (rest.length === chunk.length) break;
    }
    if (this.#keptBytes === 0) this.#recover();
    return this.#keptBytes < before ? 'taken' : 'refused';
  }

  #recover(): void {
    const dropped = this.#gap;
    this.#gap = 0;
    if (dropped > 0) this.#options.onRecovery?.(dropped);
  }

  #takeChunk(): Buffer {
    let bytes = 0;
    const more = this.#kept.findIndex((line) => {
      bytes += line.length;
      return bytes >= chunkBytes;
    });
    return Buffer.concat(this.#kept.splice(0, more === -1 ? this.#kept.length : more + 1));
  }

  /** Tries to write bytes. @returns the rest that was not written */
  #attempt(bytes: Buffer): Buffer {
    try {
      this.#fd ??= this.#options.open();
      return bytes.subarray(writeSync(this.#fd, bytes));
    } catch {
      // The reader is slow or gone, the disk is full, the terminal is closed: each can be temporary.
      return bytes;
    }
  }
}
