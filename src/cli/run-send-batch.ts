import { randomUUID } from 'node:crypto';
import { LittoralError } from '../errors.ts';
import { respondToSignals } from '../gateway/exit-signals.ts';
import { countOf } from '../text/count-of.ts';
import { errorText } from '../text/error-chain.ts';
import { assertBroker } from './assert-broker.ts';
import { FailedEntries, hasEntries, isSameFile } from './failed-entries.ts';
import { loadComponents } from './load-components.ts';
import { exitProcess, report } from './output.ts';
import { printable } from './printable.ts';
import { bar, ProgressBar } from './progress-bar.ts';
import { type BatchOutcome, type BatchProgress, openBatch, sendBatch } from './send-batch.ts';
import { withChannel } from './with-channel.ts';

/** The options of `littoral send --batch`. */
export interface SendBatchOptions {
  readonly batch: string;
  readonly config?: string;
  readonly from?: number;
  readonly idempotencyKey?: string;
  readonly failed?: string;
}

/** Maximum number of printed errors. The file of failed entries has all of these entries. */
const maxPrinted = 20;

/**
 * Sends the entries of a file, prints the outcome as one line of JSON, and exits with 0 if the broker has confirmed all
 * entries, else with 1.
 *
 * @throws LittoralError `invalid-configuration`, `invalid-handlers` before anything is sent
 */
export async function runSendBatch(options: SendBatchOptions): Promise<void> {
  const { batch: file, from = 0, idempotencyKey = randomUUID() } = options;
  const { createComponents, createLogger, loadConfig, resolveConfig } = await loadComponents();
  const config = resolveConfig(await loadConfig(options.config), process.env);
  assertBroker(config, 'send to');
  const failedFile = options.failed ?? (file === '-' ? 'batch.failed.ndjson' : `${file}.failed`);
  // The command line that resumes has --from, even if it begins with the first entry again.
  const appends = options.failed !== undefined || options.from !== undefined;
  if (appends) assertWritable(failedFile, options);
  const input = await openBatch(file);
  const { channel, distributedBus } = createComponents(config, createLogger('silent'));
  const failures = new FailedEntries(failedFile, appends);
  const progressBar = new ProgressBar(process.stderr, textOf);
  let isStopped = false;
  let printed = 0;
  let hidden = 0;
  let tooLong = 0;
  respondToSignals({
    first: () => {
      isStopped = true;
      input.pieces.destroy();
    },
    again: () => process.exit(1),
  });
  const outcome = await withChannel(channel, () =>
    sendBatch(input, distributedBus.openSends({ goesOn: false }), {
      ...{ from, idempotencyKey, maxBytes: config.broker.maxMessageBytes },
      onProgress: (progress) => progressBar.draw(progress),
      onFailed(index, line, error) {
        const written = line && failures.add(line);
        // The file does not have this entry, so its index must be printed.
        if (line === undefined) tooLong += 1;
        else if (printed >= maxPrinted && failures.error === undefined) {
          hidden += 1;
          return written;
        } else printed += 1;
        progressBar.clear();
        const { code, outcome: known } = error;
        process.stderr.write(`${index}: ${printable(errorText(error, 2_048))} (${code}, outcome: ${known})\n`);
        return written;
      },
      isStopped: () => isStopped,
    }),
  );
  progressBar.clear();
  await failures.close();
  const isBehindEnd = !isStopped && outcome.error === undefined && from > outcome.read;
  if (isBehindEnd) throw behindEnd(file, from, outcome.read);
  const isOther = failures.path !== failedFile;
  const resumed = isOther ? { ...options, failed: failures.path } : options;
  const resume = resumeCommand({ ...resumed, from: outcome.next, idempotencyKey });
  const again = resumeCommand({ ...options, idempotencyKey, failed: undefined });
  const { path, error: fileError } = failures;
  const earlierFile = isOther ? failedFile : undefined;
  reportOutcome(outcome, { resume, again, failedFile: path, earlierFile, fileError, isStopped, hidden, tooLong });
  const { next, accepted, failed } = outcome;
  await report(`${JSON.stringify({ next, accepted, failed, channel: channel.name })}\n`);
  return exitProcess(failed === 0 && outcome.error === undefined && !isStopped ? 0 : 1);
}

/**
 * Checks a file to which failed entries are appended.
 *
 * @throws LittoralError `wrong-usage` for the batch itself, and for a file that has entries of another batch
 */
function assertWritable(failedFile: string, { batch, from }: SendBatchOptions): void {
  const name = printable(failedFile);
  if (isSameFile(batch, failedFile)) {
    const text = `Nothing was sent: the failed entries would be written into the batch, ${name}. Set another file with --failed.`;
    throw new LittoralError('wrong-usage', text);
  }
  if (from === undefined && hasEntries(failedFile)) {
    const text = `Nothing was sent: the file of failed entries, ${name}, exists. Send its entries with --batch, and remove it, or set another file with --failed.`;
    throw new LittoralError('wrong-usage', text);
  }
}

function behindEnd(file: string, from: number, read: number): LittoralError {
  const source = file === '-' ? 'standard input' : `the file ${printable(file)}`;
  const text = `Nothing was sent: --from ${from} is behind the end, because ${source} has ${countOf(read, 'entry', 'entries')}. The first entry has the index 0.`;
  return new LittoralError('wrong-usage', text);
}

interface Ending {
  /** The command line that sends the rest of the batch. */
  readonly resume: string;
  /** The command line that sends the whole batch again. */
  readonly again: string;
  readonly failedFile: string;
  /** The file that has failed entries of an earlier run, because of which another one was created. */
  readonly earlierFile: string | undefined;
  /** The error because of which that file does not have all failed entries. */
  readonly fileError: Error | undefined;
  readonly isStopped: boolean;
  /** Number of errors that were not printed. */
  readonly hidden: number;
  /** Number of failed entries that are not in the file. */
  readonly tooLong: number;
}

function reportOutcome({ failed, error }: BatchOutcome, ending: Ending) {
  const { resume, again, failedFile, earlierFile, fileError, isStopped, hidden, tooLong } = ending;
  const kept = failed - tooLong;
  if (hidden > 0) process.stderr.write(`… and ${hidden} more.\n`);
  const place = fileError
    ? `The file of failed entries cannot be written: ${printable(errorText(fileError, 2_048))}. Their indexes are printed above${hidden > 0 ? `, except those of ${countOf(hidden, 'entry', 'entries')}` : ''}`
    : `See ${printable(failedFile)}${earlierFile === undefined ? '' : `; ${printable(earlierFile)} existed already, and is unchanged`}`;
  if (kept > 0) process.stderr.write(`littoral: ${countOf(kept, 'entry', 'entries')} failed. ${place}.\n`);
  if (tooLong > 0)
    process.stderr.write(
      `littoral: ${countOf(tooLong, 'entry', 'entries')} ${tooLong === 1 ? 'was' : 'were'} too long for the file of failed entries. Their indexes are printed above.\n`,
    );
  if (fileError && !error && !isStopped)
    process.stderr.write(`To send all entries again with the same ids: ${again}\n`);
  if (!error && !isStopped) return;
  const reason = error ? printable(errorText(error, 2_048)) : 'Stopped by a signal.';
  process.stderr.write(`littoral: ${reason}\nResume with: ${resume}\n`);
}

/** Returns the command line that sends a batch with these options. */
export function resumeCommand(options: SendBatchOptions): string {
  const { batch, from, idempotencyKey, failed, config } = options;
  const args = Object.entries({ batch, from, idempotencyKey, failed, config }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, quoted(String(value))],
  );
  return `littoral send ${args.join(' ')}`;
}

/** Quotes an argument for a POSIX shell, if the shell would change it. */
function quoted(argument: string): string {
  return /^[\w./:@%+,=-]+$/.test(argument) ? argument : `'${printable(argument).replaceAll("'", "'\\''")}'`;
}

function textOf({ bytes, totalBytes, accepted, failed }: BatchProgress): string {
  const done = totalBytes === 0 ? '' : `${bar(bytes, totalBytes)} `;
  return `${done}${accepted} confirmed, ${failed} failed`;
}
