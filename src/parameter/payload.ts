import { LittoralError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { holdsLargeIntegers } from '../schema/large-integers.ts';
import type { TargetType } from '../schema/target-type.ts';
import { describeValue } from '../text/describe-value.ts';
import { shorten } from '../text/shorten.ts';
import { isFromEcotone } from '../wire/ecotone-sender.ts';
import { type ArgumentType, assertType, compileArgumentType, refused } from './argument-type.ts';
import { assertOptions, isOptions } from './converter-options.ts';
import { dropDecoded, takeDecoded } from './decoded-payload.ts';
import { describeParameter as describe } from './describe-parameter.ts';
import { type Expression, prepareExpression, type ResultOf } from './expression.ts';
import {
  cannotResolve,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
  type ResolveArgument,
} from './parameter-converter.ts';
import type { Arriving } from './parameters.ts';

export interface PayloadOptions {
  /** Computes the argument from the payload, decoded by its content type. */
  readonly expression?: Expression;
}

/**
 * The payload, decoded by its content type: a value for JSON, form and XML, text for text, and bytes for what no
 * converter can decode. `untypedLargeIntegers` of the configuration determines the form of an integer beyond 2^53.
 *
 * @throws LittoralError at delivery, never retried: `malformed-body`, `payload-refused`
 */
export function payload(): ParameterConverter<unknown>;
/**
 * The result of an expression on the payload.
 *
 * @param options the expression
 * @throws LittoralError at delivery, never retried: `malformed-body`, `expression-failed`
 */
export function payload<E extends Expression>(options: { readonly expression: E }): ParameterConverter<ResultOf<E>>;
/**
 * The payload, decoded by its content type and converted to a type.
 *
 * @param type a TypeBox schema, or a class
 * @param options an expression whose result is converted in place of the payload
 * @throws LittoralError at delivery, never retried: `malformed-body`, `unsupported-media-type`, `payload-refused`,
 * `expression-failed`
 */
export function payload<Type extends TargetType>(
  type: Type,
  options?: PayloadOptions,
): ParameterConverter<Arriving<Type>>;
export function payload(...given: [typeOrOptions?: unknown, options?: PayloadOptions]): ParameterConverter {
  const [typeOrOptions, options] = given;
  const alone = options === undefined && isOptions(typeOrOptions, ['expression']);
  const type = alone ? undefined : (typeOrOptions as TargetType | undefined);
  const all: PayloadOptions = (alone ? typeOrOptions : options) ?? {};
  const { expression } = all;
  const prepare = (site: ParameterSite) => {
    assertOptions(all, ['expression'], site);
    if (given.length > 0) assertType(typeOrOptions, site);
    return preparePayload(type, expression, site);
  };
  return parameterConverter(describe('payload', type, expression), prepare, {
    // An expression may ask for services, which only a delivery has.
    fromPayloadAlone: expression === undefined,
  });
}

function preparePayload(
  type: TargetType | undefined,
  expression: Expression | undefined,
  site: ParameterSite,
): ResolveArgument<unknown> {
  const argumentType = type === undefined ? undefined : compileArgumentType(type, site);
  if (expression !== undefined) {
    const settle = (result: unknown) => settled(result, 'the result of its expression', site);
    const evaluate = prepareExpression(
      expression,
      argumentType,
      { parts: ['payload', 'headers', 'value'] },
      site,
      settle,
    );
    return (invocation) => evaluate(invocation, {});
  }
  return ({ message }) => (argumentType ? convert(message, argumentType, site) : untyped(message, site));
}

function untyped(message: Message, site: ParameterSite): unknown {
  const value = takeDecoded(message, site.conversion);
  return isDecodedWithLargeIntegers(message, value) ? settled(value, sourceOf(message), site) : value;
}

function settled(value: unknown, source: string, site: ParameterSite): unknown {
  return site.conversion.settleUntyped(value, (issues) => refused(value, source, issues, site));
}

/** Returns whether a payload that arrived as bytes holds integers beyond 2^53. Values of this process stay as they are. */
function isDecodedWithLargeIntegers({ payload }: Message, value: unknown): boolean {
  return payload instanceof Uint8Array && holdsLargeIntegers(value);
}

function convert(message: Message, type: ArgumentType, site: ParameterSite): unknown {
  const contentType = message.headers[Header.contentType];
  if (message.payload instanceof Uint8Array && !site.conversion.canDecode(contentType)) {
    const source =
      typeof contentType === 'string' ? `"${shorten(contentType, maxContentTypeLength)}"` : describeValue(contentType);
    throw new LittoralError(
      'unsupported-media-type',
      `${cannotResolve(site)}: no converter from the content type ${source} to a value. Registered: ${site.conversion.describe()}.`,
    );
  }
  const value = takeDecoded(message, site.conversion);
  let isUntouched = false;
  try {
    const converted = type.convert(value, sourceOf(message), {
      contentType,
      typeId: message.headers[Header.typeId],
      fromPhp: isFromEcotone(message.headers),
      largeIntegers: isDecodedWithLargeIntegers(message, value),
    });
    isUntouched = converted === value && !type.runsAuthorCode;
    return converted;
  } finally {
    // A type converter, or a refinement, may have changed it.
    if (!isUntouched) dropDecoded(message);
  }
}

function sourceOf({ payload, headers: { [Header.contentType]: contentType } }: Message): string {
  // A value that was passed within the process has no media type.
  const travelled = payload instanceof Uint8Array && typeof contentType === 'string';
  return travelled ? `the payload of type ${shorten(contentType, maxContentTypeLength)}` : 'the payload';
}

/** It came with the message, and can be as long as its headers. */
const maxContentTypeLength = 255;
