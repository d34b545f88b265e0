import { pino } from 'pino';
import { type Logger, pinoOptions } from '../../src/logger.ts';

/** Returns a logger that writes every line to nowhere, so that the watch for secrets sees all of them. */
export function quietLogger(): Logger {
  return pino(pinoOptions('trace'), { write() {} });
}
