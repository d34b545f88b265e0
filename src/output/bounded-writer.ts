import { writeSync } from 'node:fs';

export interface BoundedWriterOptions {
  /** Opens what is written to, at the first write. A write to it must not block. */
  readonly open: () => number;
  /** How many bytes are kept while they cannot be written. Default: 4 MiB. */
  readonly maxBytes?: number;
  /** Called with the number of dropped lines as soon as all that was kept has been written. */
  readonly onRecovery?: (dropped: number) => void;
}

const defaultMaxBytes = 4 * 1_048_576;
const pauseMs = { first: 20, longest: 1_000 } as const;
/** What one write gets at most of what was kept. */
const chunkBytes = 65_536;
/** How many chunks are written in one turn of the event loop: a long backlog must not hold it up. */
const chunksInTurn = 16;
/** After so many new bytes the rest is tried again at once: a reader can be quicker than the next pause. */
const impatientBytes = 16_384;

/**
 * Writes lines to a file descriptor in their order, each at once, and never waits. What cannot be written is kept and
 * tried again. Beyond the bound lines are dropped and counted, until all that was kept has been written, so that they
 * leave one gap. It throws nothing: a log that cannot be written must not stop what is logged.
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

  /** How many lines have been dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#keptBytes === 0) {
      const rest = this.#attempt(bytes);
      // A line that was begun is finished, however long it is.
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

  /** Writes what was kept, for the end of the process: it blocks, for as long as something is taken within the time. */
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

  /** @returns whether any of what was kept was taken */
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

  /** @returns what is still to be written */
  #attempt(bytes: Buffer): Buffer {
    try {
      this.#fd ??= this.#options.open();
      return bytes.subarray(writeSync(this.#fd, bytes));
    } catch {
      // The reader is slow or gone, the disk is full, the terminal is closed: each can pass.
      return bytes;
    }
  }
}
