import { isRecord } from '../schema/is-record.ts';
import { describeValue } from '../text/describe-value.ts';
import { cannotResolve, type ParameterSite } from './parameter-converter.ts';

/**
 * Returns whether an argument is the options of a converter rather than a type, because either may come first.
 *
 * @param names the names of the options
 */
export function isOptions(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  // TypeBox marks a schema by a property that its keys do not show.
  const keys = Object.keys(value);
  return !('~kind' in value) && keys.length > 0 && keys.every((key) => names.includes(key));
}

/**
 * Refuses unknown options, because a misspelt one would be ignored.
 *
 * @throws TypeError naming handler and parameter
 */
export function assertOptions(options: unknown, names: readonly string[], site: ParameterSite): void {
  const unknown = isRecord(options) ? Object.keys(options).find((key) => !names.includes(key)) : '';
  if (unknown === undefined) return;
  const found = unknown === '' ? `its options are ${describeValue(options)}` : `it has no option '${unknown}'`;
  throw new TypeError(`${cannotResolve(site)}: ${found}; there is ${names.join(', ')}.`);
}
