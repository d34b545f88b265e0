import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedWriter } from '../file/bounded-writer.ts';
import { openNonblocking } from '../file/open-nonblocking.ts';

/** The error for a failed write to standard output. */
export class OutputError extends Error {
  /** True if the reader has closed the output, as `head` does. The command then reports no error. */
  readonly isReaderGone: boolean;

  constructor(cause: NodeJS.ErrnoException) {
    super(`Standard output cannot be written: ${cause.message}`, { cause });
    this.isReaderGone = cause.code === 'EPIPE';
  }
}

/**
 * Prints the result of a command, and waits until the reader has read all of it.
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

/** Prints a report of what a command has done. A failed write does not undo the work, so the exit code stays. */
export async function report(text: string): Promise<void> {
  try {
    await print(text);
  } catch (error) {
    if (error instanceof OutputError && error.isReaderGone) return;
    process.stderr.write(
      `littoral: The command is done, but its report cannot be printed. ${(error as Error).message}\n${text}`,
    );
  }
}

/** Ignores output errors, so that a write to a closed pipe or a full disk does not end the process. */
export function ignoreOutputErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/**
 * Prints Node's warnings without blocking. Node's own printing blocks the process while the reader of standard error
 * hangs.
 */
export function printWarnings(): void {
  // There is no listener with --no-warnings.
  if (process.listenerCount('warning') === 0) return;
  const writer = new BoundedWriter({ open: () => openNonblocking(2) });
  process.removeAllListeners('warning').on('warning', ({ name, message, stack }) => {
    const text = process.traceDeprecation && stack ? stack : `${name}: ${message}`;
    writer.write(`(node:${process.pid}) ${text}\n`);
  });
}

/**
 * Ends the process once its output is written, even if the user's modules keep handles open.
 *
 * @param timeoutMs maximum wait for the output. Default: no limit
 */
export async function exitProcess(exitCode: number, timeoutMs?: number): Promise<never> {
  const written = new Promise((resolve) => process.stdout.write('', resolve));
  await (timeoutMs === undefined ? written : Promise.race([written, sleep(timeoutMs)]));
  process.exit(exitCode);
}
