import type { Fault } from '../errors.ts';
import type { SchemaCheck } from './schema-check.ts';

/**
 * What a closed schema says against settings, once for each of them: of a wrong kind it tells once for each demand, and of
 * an unknown one by its own path and by its parent's.
 *
 * @returns faults with paths in dots, empty for the whole
 */
export function settingFaults({ faults }: Pick<SchemaCheck<unknown>, 'faults'>, settings: unknown): Fault[] {
  const told = faults(settings).filter(({ message }) => message !== 'must not have additional properties');
  const byPath = new Map(told.map(({ path, message }) => [dotted(path), message]));
  return Array.from(byPath, ([path, message]) => {
    return { path, message: message === 'schema is false' ? 'is not a setting' : message };
  });
}

function dotted(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
}
