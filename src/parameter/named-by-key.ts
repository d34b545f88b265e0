import { cannotResolve, type ParameterSite } from './parameter-converter.ts';

/**
 * Returns the name that a parameter refers to: its own, or its key among the parameters.
 *
 * @throws TypeError for a parameter by position, which has no key, and for a name that is not a text
 */
export function nameOrKey(name: unknown, site: ParameterSite, example: string): string {
  if (typeof name === 'string' && name !== '') return name;
  if (name !== undefined) throw new TypeError(`${cannotResolve(site)}: its name is not a text; write ${example}.`);
  // A key of an object could look the same, but then something of that name would have to exist.
  if (/^#\d+$/.test(site.parameter)) {
    throw new TypeError(`${cannotResolve(site)}: by position it has no key to take its name from; write ${example}.`);
  }
  return site.parameter;
}
