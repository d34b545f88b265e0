import type { ConversionService } from '../conversion/conversion-service.ts';
import { type MediaType, parseMediaType, toContentType, valueMediaType } from '../conversion/media-type.ts';
import { isSendableMediaType, sendableMediaType } from '../conversion/sendable-media-type.ts';
import { LittoralError } from '../errors.ts';
import { methodInvoker } from '../handler/method-invoker.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { prepareExpression } from '../parameter/expression.ts';
import {
  cannotResolve,
  type Invocation,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
} from '../parameter/parameter-converter.ts';
import type { Parameters } from '../parameter/parameters.ts';
import { payload } from '../parameter/payload.ts';
import { andThen, type MaybePromise } from '../promise/maybe-promise.ts';
import type { TargetType } from '../schema/target-type.ts';
import { describeValue } from '../text/describe-value.ts';
import { encodeHeaderValue } from '../text/header-value.ts';
import { customHeaderIssue } from './custom-header.ts';
import type { PostOptions } from './post-to.ts';

/** A message as it is to be posted, before the headers of the request are added. */
export interface PostedMessage {
  readonly message: Message;
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  /** Headers of the configuration: names and values in turn. */
  readonly headers: readonly string[];
}

/** A message that is acknowledged without a request. */
export const notWanted = Symbol('not wanted');

export interface PostedRequestOptions extends Omit<PostOptions, 'format' | 'schema'> {
  /** The type that the payload must fit. */
  readonly schema?: TargetType | undefined;
  /** The converters whose arguments are the body. Default: the body is the payload. */
  readonly parameters?: Parameters | undefined;
}

/**
 * The message as it is to be posted: checked and converted as the options say, or `notWanted`. Without options it is the
 * bytes that came.
 */
export function postedRequest(options: PostedRequestOptions): ParameterConverter<PostedMessage | typeof notWanted> {
  return parameterConverter('the request to the application', (site) => prepare(options, site));
}

const parts = ['payload', 'headers'] as const;

function prepare(options: PostedRequestOptions, site: ParameterSite) {
  const isWanted = prepareWhen(options.when, site);
  const check = options.schema === undefined ? undefined : payload(options.schema).prepare(site);
  const bodyOf = prepareBody(options, site);
  const headersOf = prepareHeaders(options.headers ?? {}, site);
  const posted = (invocation: Invocation) =>
    andThen(bodyOf(invocation), (body) =>
      andThen(headersOf(invocation), (headers) => ({ message: invocation.message, ...body, headers })),
    );
  const checked =
    check === undefined ? posted : (invocation: Invocation) => andThen(check(invocation), () => posted(invocation));
  if (isWanted === undefined) return checked;
  return (invocation: Invocation): MaybePromise<PostedMessage | typeof notWanted> =>
    andThen(isWanted(invocation), (wanted) => (wanted ? checked(invocation) : notWanted));
}

function prepareWhen(when: string | undefined, site: ParameterSite) {
  if (when === undefined) return undefined;
  const evaluate = prepareExpression(when, undefined, { parts: [...parts] }, site);
  return (invocation: Invocation) => andThen(evaluate(invocation, {}) as MaybePromise<unknown>, isTrue);
}

/** As JSONata's `$boolean`: nothing, empty and zero are false. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTrue);
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

type Body = Pick<PostedMessage, 'body' | 'contentType'>;

function prepareBody(
  options: PostedRequestOptions,
  site: ParameterSite,
): (invocation: Invocation) => MaybePromise<Body> {
  const target = targetOf(options.contentType, site);
  const { conversion } = site;
  if (options.body !== undefined) {
    const evaluate = prepareExpression(options.body, undefined, { parts: [...parts] }, site, (result) => result);
    return (invocation) =>
      andThen(evaluate(invocation, {}) as MaybePromise<unknown>, (value) => encoded(value, target, conversion));
  }
  if (options.parameters !== undefined) {
    const { parameters } = options;
    const single = !Array.isArray(parameters) || parameters.length === 1;
    const { invoke } = methodInvoker(parameters, (...values: unknown[]) => (single ? values[0] : values), site);
    return (invocation) =>
      andThen(invoke(invocation) as MaybePromise<unknown>, (value) => encoded(value, target, conversion));
  }
  return ({ message }) => asItCame(message, target, conversion);
}

function targetOf(contentType: string | undefined, site: ParameterSite): MediaType | undefined {
  if (contentType === undefined) return undefined;
  if (isSendableMediaType(contentType)) return sendableMediaType(contentType);
  throw new TypeError(`${cannotResolve(site)}: its contentType is not a media type to send, such as application/json.`);
}

/** The bytes that came, converted if another media type is wanted. */
function asItCame({ payload, headers }: Message, target: MediaType | undefined, conversion: ConversionService): Body {
  const contentType = headers[Header.contentType];
  const text = typeof contentType === 'string' ? contentType : undefined;
  if (!(payload instanceof Uint8Array)) return encoded(payload, target, conversion);
  if (target === undefined) return { body: payload, contentType: text };
  const source = text === undefined ? undefined : parseMediaType(text);
  if (source === undefined || source.text === target.text) return { body: payload, contentType: toContentType(target) };
  return { body: bytesOf(conversion.convert(payload, source, target)), contentType: toContentType(target) };
}

const json = sendableMediaType('application/json');

/** A value of an expression or of parameters. Bytes are sent as they are. */
function encoded(value: unknown, target: MediaType | undefined, conversion: ConversionService): Body {
  if (value instanceof Uint8Array && target === undefined)
    return { body: value, contentType: 'application/octet-stream' };
  const to = target ?? json;
  const body = conversion.convert(value ?? null, valueMediaType, to);
  return { body: bytesOf(body), contentType: toContentType(to) };
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new TypeError(`The body was converted to ${describeValue(body)}, not to bytes.`);
}

type HeadersOf = (invocation: Invocation) => MaybePromise<readonly string[]>;

function prepareHeaders(headers: Readonly<Record<string, string>>, site: ParameterSite): HeadersOf {
  const issues = Object.keys(headers).flatMap((name) => customHeaderIssue(name) ?? []);
  if (issues.length > 0) throw new TypeError(`${cannotResolve(site)}: ${issues.join('; ')}.`);
  const prepared = Object.entries(headers).map(([name, expression]) => ({
    name: name.toLowerCase(),
    evaluate: prepareExpression(expression, undefined, { parts: [...parts] }, site),
  }));
  if (prepared.length === 0) return () => [];
  return async (invocation) => {
    const pairs: string[] = [];
    for (const { name, evaluate } of prepared) {
      const value = await evaluate(invocation, {});
      if (value === undefined || value === null) continue;
      if (typeof value === 'object' || typeof value === 'function') {
        throw new LittoralError(
          'expression-failed',
          `${cannotResolve(site)}: the header '${name}' is ${describeValue(value)}, not a text or a number.`,
        );
      }
      pairs.push(name, encodeHeaderValue(String(value)));
    }
    return pairs;
  };
}
