import { describeValue } from '../conversion/describe-value.ts';
import { cannotResolve, type ParameterSite } from './parameter-converter.ts';

/**
 * @throws TypeError when something other than a schema was given as a type, as JavaScript callers can
 */
export function assertSchema(type: unknown, site: ParameterSite): void {
  if (typeof type === 'object' && type !== null && !Array.isArray(type)) return;
  throw new TypeError(
    `${cannotResolve(site)}: its type is ${describeValue(type)}, not a schema. Give a TypeBox schema such as Type.Object({ … }).`,
  );
}
