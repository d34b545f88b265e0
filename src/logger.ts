import { type Logger as PinoLogger, pino } from 'pino';
import { build as pretty } from 'pino-pretty';

/** pino's logger: one line per event, fields first, never a payload or a secret. */
export type Logger = PinoLogger;

/**
 * @param level pino's level: trace, debug, info, warn, error, fatal or silent
 * @param singleLine whether a person who watches gets the fields of an event in its line. Default: false, below it
 * @returns a logger to standard output: JSON lines, or plain text where a person watches
 */
export function createLogger(level: string, { singleLine = false } = {}): Logger {
  if (process.stdout.isTTY) {
    return pino(
      { level, base: undefined },
      pretty({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', sync: true, singleLine }),
    );
  }
  // Written at once: buffered lines would keep the process alive for ever once nobody reads them any more.
  return pino({ level, base: undefined }, pino.destination({ dest: 1, sync: true }));
}
