import { pino } from 'pino';
import { type Logger, pinoOptions } from '../../src/logger.ts';

/** Returns a logger that discards its lines. The watch for secrets still inspects all of them. */
export function quietLogger(): Logger {
  return pino(pinoOptions('trace'), { write() {} });
}
