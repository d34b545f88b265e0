import type { ReplayProgress } from '../dead-letter/replay-run.ts';

const barWidth = 30;
const betweenMs = 100;

/** Shows the progress of a replay, only on a terminal. */
export class ProgressBar {
  readonly #output: NodeJS.WriteStream;
  #drawnAtMs = 0;
  #isDrawn = false;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  draw(progress: ReplayProgress): void {
    const nowMs = performance.now();
    if (!this.#output.isTTY || (this.#isDrawn && nowMs - this.#drawnAtMs < betweenMs)) return;
    this.#drawnAtMs = nowMs;
    this.#isDrawn = true;
    this.#output.write(`\r\x1b[K${progressText(progress)}`);
  }

  /** Erases the line. */
  clear(): void {
    if (this.#isDrawn) this.#output.write('\r\x1b[K');
  }
}

export function progressText({ seen, total, replayed }: ReplayProgress): string {
  const done = Math.min(barWidth, Math.floor((barWidth * seen) / total));
  return `[${'#'.repeat(done)}${'.'.repeat(barWidth - done)}] ${seen} of ${total} passed, ${replayed} replayed`;
}
