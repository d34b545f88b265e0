import type { Static } from 'typebox';
import { describeValue } from '../conversion/describe-value.ts';
import { compileSchema, type Schema, type SchemaCheck } from '../conversion/schema-check.ts';
import { messageOf } from '../errors.ts';
import { cannotResolve, type ParameterSite } from './parameter-converter.ts';

/**
 * Compiles the type of a parameter.
 *
 * @throws TypeError when it is something other than a schema, as JavaScript callers can give, or cannot be compiled
 */
export function compileType<Type extends Schema>(type: Type, site: ParameterSite): SchemaCheck<Static<Type>> {
  if (typeof type !== 'object' || type === null || Array.isArray(type)) {
    throw new TypeError(
      `${cannotResolve(site)}: its type is ${describeValue(type)}, not a schema. Give a TypeBox schema such as Type.Object({ … }).`,
    );
  }
  try {
    return compileSchema(type);
  } catch (cause) {
    throw new TypeError(`${cannotResolve(site)}: its type cannot be compiled: ${messageOf(cause)}.`, { cause });
  }
}
