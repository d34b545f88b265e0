import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import { type Logger as PinoLogger, pino } from 'pino';
import { BoundedWriter } from './file/bounded-writer.ts';
import { openNonblocking } from './file/open-nonblocking.ts';

/** pino's logger: one line per event, fields first, never a payload or a secret. */
export type Logger = PinoLogger;

/** Maximum wait for the rest of the log at the end of the process. */
const flushTimeoutMs = 500;

const require = createRequire(import.meta.url);

/** Loads pino-pretty, which only a log on a terminal needs. */
function loadPrettyFactory(): typeof import('pino-pretty').prettyFactory {
  return require('pino-pretty').prettyFactory;
}

let standardOutput: BoundedWriter | undefined;

/**
 * @param level pino's level: trace, debug, info, warn, error, fatal or silent
 * @param singleLine whether text output has the fields of an event in its line. Default: false, below it
 * @returns a logger to standard output: JSON lines, or plain text on a terminal. If standard output blocks,
 * lines are buffered, then dropped and counted
 */
export function createLogger(level: string, { singleLine = false } = {}): Logger {
  const format = isatty(1)
    ? loadPrettyFactory()({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', singleLine })
    : (line: string) => line;
  const destination = { write: (line: string) => writerOf(destination).write(format(line)) };
  return pino({ level, base: undefined }, destination);
}

/** Returns the number of log lines that this process has dropped because standard output blocked. */
export function droppedLogLines(): number {
  return standardOutput?.dropped ?? 0;
}

interface Destination {
  write(line: string): void;
}

/** Returns the writer that all loggers of a process share, so that their lines keep their order. */
function writerOf(destination: Destination): BoundedWriter {
  if (standardOutput === undefined) {
    // A separate logger, because the level of the other one could suppress this line.
    const reporter = pino({ level: 'warn', base: undefined }, destination);
    const writer = new BoundedWriter({
      open: () => openNonblocking(1),
      onRecovery: (dropped) => reporter.warn({ dropped }, 'log lines were dropped: standard output did not take them'),
    });
    process.on('exit', () => writer.flush(flushTimeoutMs));
    standardOutput = writer;
  }
  return standardOutput;
}
