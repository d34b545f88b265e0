import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedWriter } from '../output/bounded-writer.ts';
import { openNonblocking } from '../output/open-nonblocking.ts';

/** Standard output did not take what a command printed. */
export class OutputError extends Error {
  /** Whether its reader has ended, as `head` does: that is no fault. */
  readonly isReaderGone: boolean;

  constructor(cause: NodeJS.ErrnoException) {
    super(`Standard output cannot be written: ${cause.message}`, { cause });
    this.isReaderGone = cause.code === 'EPIPE';
  }
}

/**
 * Prints what a command was asked for, and waits until it is read, be it page by page.
 *
 * @throws OutputError
 */
export async function print(text: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw new OutputError(error as NodeJS.ErrnoException);
  }
}

/** Prints what a command has done. That it cannot be read does not undo it, so the exit code stays. */
export async function report(text: string): Promise<void> {
  try {
    await print(text);
  } catch (error) {
    if (error instanceof OutputError && error.isReaderGone) return;
    process.stderr.write(`littoral: Done, but not printed. ${(error as Error).message}\n${text}`);
  }
}

/** Keeps what a handler or a command writes to a closed pipe or a full disk from ending the process. */
export function ignoreOutputErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** Prints Node's warnings such that a reader of standard error who hangs holds up nothing, as Node's own printing would. */
export function printWarnings(): void {
  // None is there with --no-warnings.
  if (process.listenerCount('warning') === 0) return;
  const writer = new BoundedWriter({ open: () => openNonblocking(2) });
  process.removeAllListeners('warning').on('warning', ({ name, message, stack }) => {
    const text = process.traceDeprecation && stack ? stack : `${name}: ${message}`;
    writer.write(`(node:${process.pid}) ${text}\n`);
  });
}

/**
 * Ends the process once its output is written, whatever the modules of the user keep open.
 *
 * @param timeoutMs how long to wait for that. Default: until it is read
 */
export async function endProcess(exitCode: number, timeoutMs?: number): Promise<never> {
  const written = new Promise((resolve) => process.stdout.write('', resolve));
  await (timeoutMs === undefined ? written : Promise.race([written, sleep(timeoutMs)]));
  process.exit(exitCode);
}
