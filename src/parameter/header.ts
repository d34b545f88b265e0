import type { Static, TSchema } from 'typebox';
import { describeValue } from '../conversion/describe-value.ts';
import { compileSchema } from '../conversion/schema-check.ts';
import { LittoralError } from '../errors.ts';
import { assertSchema } from './assert-schema.ts';
import {
  cannotResolve,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
} from './parameter-converter.ts';

/**
 * One header of the message.
 *
 * @param name the header's name, as on the wire
 * @param type a TypeBox schema that the value is checked against. A missing header is undefined where the type is
 * optional, null where it allows null
 * @throws LittoralError at delivery, never retried: `missing-header`, `payload-refused`
 */
export function header(name: string): ParameterConverter<unknown>;
export function header<Type extends TSchema>(name: string, type: Type): ParameterConverter<Static<Type>>;
export function header(name: string, type?: TSchema): ParameterConverter {
  return parameterConverter(`header ${name}`, (site) => {
    if (type === undefined) return ({ message }) => message.headers[name] ?? missing(name, site);
    assertSchema(type, site);
    const { check, faults } = compileSchema(type);
    const optional = '~optional' in type;
    const nullable = check(null);
    return ({ message }) => {
      const value = message.headers[name];
      if (value === undefined) {
        if (optional) return undefined;
        return nullable ? null : missing(name, site);
      }
      if (check(value)) return value;
      const list = faults(value).map(({ message }) => message);
      throw new LittoralError(
        'payload-refused',
        `${cannotResolve(site)}: the header '${name}' (${describeValue(value)}) does not fit: ${list.join('; ')}.`,
      );
    };
  });
}

function missing(name: string, site: ParameterSite): never {
  throw new LittoralError('missing-header', `${cannotResolve(site)}: the message has no header '${name}'.`);
}
