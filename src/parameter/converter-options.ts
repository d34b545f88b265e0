import { isRecord } from '../schema/is-record.ts';
import { describeValue } from '../text/describe-value.ts';
import { cannotResolve, type ParameterSite } from './parameter-converter.ts';

/**
 * Distinguishes the options of a converter from a type, because either may come first: options hold nothing but
 * options.
 *
 * @param names the names of the options
 */
export function isOptions(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  // A schema of TypeBox says so itself; it hides that from its keys.
  const keys = Object.keys(value);
  return !('~kind' in value) && keys.length > 0 && keys.every((key) => names.includes(key));
}

/**
 * Refuses what is no option: a misspelt one would be ignored.
 *
 * @throws TypeError naming handler and parameter
 */
export function assertOptions(options: unknown, names: readonly string[], site: ParameterSite): void {
  const unknown = isRecord(options) ? Object.keys(options).find((key) => !names.includes(key)) : '';
  if (unknown === undefined) return;
  const found = unknown === '' ? `its options are ${describeValue(options)}` : `it has no option '${unknown}'`;
  throw new TypeError(`${cannotResolve(site)}: ${found}; there is ${names.join(', ')}.`);
}
