import type { Static } from 'typebox';
import { describeValue } from '../conversion/describe-value.ts';
import type { Schema } from '../conversion/schema-check.ts';
import { type Fault, LittoralError } from '../errors.ts';
import { Header } from '../message/message-headers.ts';
import { compileType } from './compile-type.ts';
import {
  cannotResolve,
  type Invocation,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
  type ResolveArgument,
} from './parameter-converter.ts';

/**
 * The payload, decoded by its content type and checked against a type.
 *
 * @param type a TypeBox schema. Without one the decoded payload comes as it is: a value for JSON, form and XML, text for
 * text, and bytes for what no converter can decode
 * @throws LittoralError at delivery, never retried: `malformed-body`, `unsupported-media-type`, `payload-refused`
 */
export function payload(): ParameterConverter<unknown>;
export function payload<Type extends Schema>(type: Type): ParameterConverter<Static<Type>>;
export function payload(type?: Schema): ParameterConverter {
  return parameterConverter('payload', (site) => preparePayload(type, site), { fromPayloadAlone: true });
}

function preparePayload(type: Schema | undefined, site: ParameterSite): ResolveArgument<unknown> {
  if (type === undefined) return ({ message }) => decode(message, site);
  const { check, faults } = compileType(type, site);
  return ({ message }) => {
    const value = decodeFully(message, site);
    if (check(value)) return value;
    throw refused(value, message.headers[Header.contentType], faults(value), site);
  };
}

function decode(message: Invocation['message'], site: ParameterSite): unknown {
  return site.conversion.decode(message.payload, message.headers[Header.contentType]);
}

function decodeFully(message: Invocation['message'], site: ParameterSite): unknown {
  const contentType = message.headers[Header.contentType];
  if (message.payload instanceof Uint8Array && !site.conversion.canDecode(contentType)) {
    const source = typeof contentType === 'string' ? `"${contentType}"` : describeValue(contentType);
    throw new LittoralError(
      'unsupported-media-type',
      `${cannotResolve(site)}: no converter from the content type ${source} to a value. Registered: ${site.conversion.describe()}.`,
    );
  }
  return decode(message, site);
}

function refused(value: unknown, contentType: unknown, faults: readonly Fault[], site: ParameterSite): LittoralError {
  const source = typeof contentType === 'string' ? ` of type ${contentType}` : '';
  const list = faults.map(({ path, message }) => `${path === '' ? '(the payload)' : path} ${message}`).join('; ');
  return new LittoralError(
    'payload-refused',
    `${cannotResolve(site)}: the payload${source} (${describeValue(value)}) does not fit: ${list}.`,
    { faults },
  );
}
