import type { ReplayProgress } from '../dead-letter/replay-run.ts';

const barWidth = 30;
const betweenMs = 100;

/** Shows the progress of a long command on a terminal, and nothing elsewhere. */
export class ProgressBar<Progress = ReplayProgress> {
  readonly #output: NodeJS.WriteStream;
  readonly #toText: (progress: Progress) => string;
  #drawnAtMs = 0;
  #isDrawn = false;

  /** @param toText returns the line. Default: the line of a replay */
  constructor(output: NodeJS.WriteStream, toText = progressText as unknown as (progress: Progress) => string) {
    this.#output = output;
    this.#toText = toText;
  }

  draw(progress: Progress): void {
    const nowMs = performance.now();
    if (!this.#output.isTTY || (this.#isDrawn && nowMs - this.#drawnAtMs < betweenMs)) return;
    this.#drawnAtMs = nowMs;
    this.#isDrawn = true;
    this.#output.write(`\r\x1b[K${this.#toText(progress)}`);
  }

  /** Erases the line. */
  clear(): void {
    if (this.#isDrawn) this.#output.write('\r\x1b[K');
  }
}

export function progressText({ seen, total, replayed }: ReplayProgress): string {
  return `${bar(seen, total)} ${seen} of ${total} passed, ${replayed} replayed`;
}

/** @param total 0 if the total is not known */
export function bar(done: number, total: number): string {
  const filled = total === 0 ? 0 : Math.min(barWidth, Math.floor((barWidth * done) / total));
  return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
}
