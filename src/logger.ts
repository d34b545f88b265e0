import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import {
  type Logger as PinoLogger,
  type LoggerOptions as PinoOptions,
  pino,
  stdSerializers,
  stdTimeFunctions,
} from 'pino';
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

export interface LoggerOptions {
  /** True if text output has the fields of an event in its line. Default: false, below it. */
  readonly singleLine?: boolean;
  /** The name of the service, a field of each line. Default: none. */
  readonly service?: string | undefined;
  /** Returns further fields for a line at the time it is written. Default: none. */
  readonly context?: (() => Readonly<Record<string, unknown>>) | undefined;
}

/**
 * @param level pino's level: trace, debug, info, warn, error, fatal or silent
 * @returns a logger to standard output: JSON lines, or plain text on a terminal. If standard output blocks,
 * lines are buffered, then dropped and counted
 */
export function createLogger(level: string, { singleLine = false, ...options }: LoggerOptions = {}): Logger {
  const format = isatty(1)
    ? loadPrettyFactory()({ ignore: 'pid,hostname,service', translateTime: 'SYS:HH:MM:ss', singleLine })
    : (line: string) => line;
  const destination = { write: (line: string) => writerOf(destination).write(format(line)) };
  return pino(pinoOptions(level, options), destination);
}

/** Returns the form of each line: the level as text, the time as ISO 8601, and the service. */
export function pinoOptions(level: string, { service, context }: LoggerOptions = {}): PinoOptions {
  return {
    level,
    base: service === undefined ? undefined : { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Fields that come from `errorFields` already have the class of the error. pino would replace it by `Object`.
    serializers: { err: (error: unknown) => (error instanceof Error ? stdSerializers.err(error) : error) },
    ...(context && { mixin: context }),
  };
}

/**
 * Returns the function that changes the level of a logger while the process runs. It affects the loggers of later
 * handler calls, not those of calls that have begun.
 */
export function levelReload(logger: Logger): (config: { readonly logLevel: string }) => void {
  return ({ logLevel }) => {
    logger.level = logLevel;
  };
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
    const reporter = pino(pinoOptions('warn'), destination);
    const writer = new BoundedWriter({
      open: () => openNonblocking(1),
      onRecovery: (dropped) => reporter.warn({ dropped }, 'log lines were dropped: standard output did not take them'),
    });
    process.on('exit', () => writer.flush(flushTimeoutMs));
    standardOutput = writer;
  }
  return standardOutput;
}
