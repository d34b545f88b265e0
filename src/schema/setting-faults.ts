import type { Fault } from '../errors.ts';
import { plainFaults, type SchemaCheck } from './schema-check.ts';

/**
 * What a closed schema says against settings, once for each of them: of a wrong kind it tells once for each demand.
 *
 * @returns faults with paths in dots, empty for the whole
 */
export function settingFaults({ faults }: Pick<SchemaCheck<unknown>, 'faults'>, settings: unknown): Fault[] {
  const byPath = new Map(plainFaults(faults(settings)).map(({ path, message }) => [dotted(path), message]));
  return Array.from(byPath, ([path, message]) => {
    return { path, message: message === 'is not expected' ? 'is not a setting' : message };
  });
}

function dotted(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
}
