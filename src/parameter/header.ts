import type { Static, TOptional } from 'typebox';
import { describeValue } from '../conversion/describe-value.ts';
import type { Schema } from '../conversion/schema-check.ts';
import { LittoralError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import { compileType } from './compile-type.ts';
import {
  cannotResolve,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
} from './parameter-converter.ts';

/** A header whose type is optional can be missing. */
type HeaderOf<Type extends Schema> = Type extends TOptional ? Static<Type> | undefined : Static<Type>;

/**
 * One header of the message.
 *
 * @param name the header's name, as on the wire
 * @param type a TypeBox schema that the value is checked against. A missing header is undefined where the type is
 * optional, null where it allows null
 * @throws LittoralError at delivery, never retried: `missing-header`, `payload-refused`
 */
export function header(name: string): ParameterConverter<unknown>;
export function header<Type extends Schema>(name: string, type: Type): ParameterConverter<HeaderOf<Type>>;
export function header(name: string, type?: Schema): ParameterConverter {
  return parameterConverter(`header ${name}`, (site) => {
    assertName(name, site);
    if (type === undefined) return ({ message }) => ownHeader(message, name) ?? missing(name, site);
    const { check, faults } = compileType(type, site);
    const optional = '~optional' in type;
    const nullable = check(null);
    return ({ message }) => {
      const value = ownHeader(message, name);
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

function assertName(name: unknown, site: ParameterSite): void {
  if (typeof name === 'string' && name !== '') return;
  const found = name === '' ? 'empty' : describeValue(name);
  throw new TypeError(`${cannotResolve(site)}: its header's name is ${found}; give a text such as 'executorId'.`);
}

/** Not what every object inherits: a message without a header `constructor` has none. */
function ownHeader({ headers }: Message, name: string): unknown {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

function missing(name: string, site: ParameterSite): never {
  throw new LittoralError('missing-header', `${cannotResolve(site)}: the message has no header '${name}'.`);
}
