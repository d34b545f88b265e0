import type { ConversionHints } from '../conversion/conversion-target.ts';
import { LittoralError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import type { TargetType, ValueOf } from '../schema/target-type.ts';
import { describeValue } from '../text/describe-value.ts';
import { hasHeadersOfEcotone } from '../wire/ecotone-sender.ts';
import { type ArgumentType, assertType, compileArgumentType, refused } from './argument-type.ts';
import { assertOptions, isOptions } from './converter-options.ts';
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

export interface HeaderOptions<Default = unknown, E = Expression> {
  /** Computes the argument from the header, its `value`. It is not evaluated where the header is missing. */
  readonly expression?: E;
  /** The argument where the header is missing. */
  readonly default?: Default;
}

/**
 * One header of the message, as it arrived.
 *
 * @param name the header's name, as on the wire
 * @throws LittoralError at delivery, never retried: `missing-header`
 */
export function header(name: string): ParameterConverter<unknown>;
/**
 * The result of an expression on one header of the message. A missing header is the default, else an error.
 *
 * @param name the header's name, as on the wire
 * @param options the expression, and the default
 * @throws LittoralError at delivery, never retried: `missing-header`, `expression-failed`
 */
export function header<E extends Expression, Default = never>(
  name: string,
  options: HeaderOptions<Default, E>,
): ParameterConverter<ResultOf<E> | Default>;
/**
 * One header of the message, converted to a type. A missing one is the default; else undefined where the type is
 * optional, else null where it allows null, else an error.
 *
 * @param name the header's name, as on the wire
 * @param type a TypeBox schema, or a class, that the value is converted to. Text that holds JSON is read where the type
 * is an object or a list
 * @param options the default, and an expression whose result is converted in place of the header
 * @throws LittoralError at delivery, never retried: `missing-header`, `payload-refused`, `expression-failed`
 */
// The last, because TypeScript reports the errors of the last: the form with a type is the common one.
export function header<Type extends TargetType, Default extends ValueOf<Type> = never>(
  name: string,
  type: Type,
  options?: HeaderOptions<Default>,
): ParameterConverter<[Default] extends [never] ? Arriving<Type> : ValueOf<Type>>;
export function header(...given: [name: string, typeOrOptions?: unknown, options?: HeaderOptions]): ParameterConverter {
  const [name, typeOrOptions, options] = given;
  const alone = options === undefined && isOptions(typeOrOptions, ['expression', 'default']);
  const type = alone ? undefined : (typeOrOptions as TargetType | undefined);
  const all: HeaderOptions = (alone ? typeOrOptions : options) ?? {};
  return parameterConverter(describe(`header ${name}`, type, all.expression), (site) => {
    if (given.length > 1) assertType(typeOrOptions, site);
    return prepareHeader(name, type, all, site);
  });
}

function prepareHeader(
  name: string,
  type: TargetType | undefined,
  options: HeaderOptions,
  site: ParameterSite,
): ResolveArgument<unknown> {
  assertName(name, site);
  assertOptions(options, ['expression', 'default'], site);
  const argumentType = type === undefined ? undefined : compileArgumentType(type, site);
  const whenMissing = missingValue(name, argumentType, options, site);
  const { expression } = options;
  if (expression !== undefined) {
    const evaluate = prepareExpression(expression, argumentType, { parts: ['payload', 'headers', 'value'] }, site);
    return (invocation) => {
      const value = ownHeader(invocation.message, name);
      return value === undefined ? whenMissing() : evaluate(invocation, { value: () => value });
    };
  }
  const source = `the header '${name}'`;
  return ({ message }) => {
    const value = ownHeader(message, name);
    if (value === undefined) return whenMissing();
    if (argumentType === undefined) return value;
    const converted = argumentType.convert(value, source, hintsOf(message));
    if (typeof value === 'bigint' && typeof converted === 'number') throw refused(value, source, beyondNumber, site);
    return converted;
  };
}

/** Returns the hints for a header. An empty array of PHP is `[]` here too, even where an object is meant. */
function hintsOf({ headers }: Message): ConversionHints {
  return { jsonText: true, fromPhp: hasHeadersOfEcotone(headers) };
}

// Some of these are exact as numbers, but the value does not show which.
const beyondNumber = [{ path: '', message: 'is an integer beyond 2^53; ask for it with Type.BigInt()' }];

function missingValue(
  name: string,
  type: ArgumentType | undefined,
  options: HeaderOptions,
  site: ParameterSite,
): () => unknown {
  if (Object.hasOwn(options, 'default')) {
    const value = type === undefined ? options.default : type.convert(options.default, 'its default');
    return () => value;
  }
  if (type?.optional) return () => undefined;
  if (type?.nullable) return () => null;
  return () => {
    throw new LittoralError('missing-header', `${cannotResolve(site)}: the message has no header '${name}'.`);
  };
}

function assertName(name: unknown, site: ParameterSite): void {
  if (typeof name === 'string' && name !== '') return;
  const found = name === '' ? 'empty' : describeValue(name);
  throw new TypeError(`${cannotResolve(site)}: its header's name is ${found}; give a text such as 'executorId'.`);
}

/** Reads an own header only: a message without a header `constructor` has none. */
function ownHeader({ headers }: Message, name: string): unknown {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}
