import { isRecord } from '../conversion/is-record.ts';

/**
 * Tells the options of a converter from a type, where either may come first: options hold nothing but options.
 *
 * @param names the names of the options
 */
export function isOptions(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  // A schema of TypeBox says so itself; it hides that from its keys.
  const keys = Object.keys(value);
  return !('~kind' in value) && keys.length > 0 && keys.every((key) => names.includes(key));
}
