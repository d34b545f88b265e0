import type { Issue } from '../errors.ts';
import { unescapePointer } from '../text/json-pointer.ts';
import { plainIssues, type SchemaCheck } from './schema-check.ts';

/**
 * Returns the issues of settings by a closed schema, one for each setting: a schema reports a value of a wrong kind
 * once for each keyword.
 *
 * @returns issues with paths in dots, empty for the whole
 */
export function validateSettings({ issues }: Pick<SchemaCheck<unknown>, 'issues'>, settings: unknown): Issue[] {
  const byPath = new Map(plainIssues(issues(settings)).map(({ path, message }) => [dotted(path), message]));
  return Array.from(byPath, ([path, message]) => {
    return { path, message: message === 'is not expected' ? 'is not a setting' : message };
  });
}

function dotted(pointer: string): string {
  return unescapePointer(pointer.slice(1).replaceAll('/', '.'));
}
