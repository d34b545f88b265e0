import type { TargetType } from '../schema/target-type.ts';

/** The form of a request: littoral's own, or the HTTP binding of CloudEvents, binary or structured. */
export type PostFormat = 'message' | 'cloudevents' | 'cloudevents-structured';

/** Options of one path of an application. Expressions are JSONata, on `payload` and `headers`. */
export interface PostOptions {
  /** An expression that must be true. Otherwise the message is acknowledged without a request. Default: none. */
  readonly when?: string | undefined;
  /** The schema of the payload. A message that does not fit becomes a dead letter. Default: none. */
  readonly schema?: TargetType | undefined;
  /** The media type that the body is converted to. Default: the bytes as they came. */
  readonly contentType?: string | undefined;
  /** An expression that gives the body. It is sent as JSON, or as `contentType`. Default: the payload. */
  readonly body?: string | undefined;
  /** Request headers, each with an expression that gives its value. One that gives nothing is left out. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The form of the request. Default: `message`. */
  readonly format?: PostFormat | undefined;
}

/** Options of `postTo`. */
export interface PostToOptions extends PostOptions {
  /** A file of the token that each request carries as `Authorization: Bearer`. Default: none. */
  readonly tokenFile?: string | undefined;
  /** A file of the secrets that sign each request, as Standard Webhooks say. Default: none. */
  readonly secretFile?: string | undefined;
  /**
   * A PEM file with the trusted certificates. Read again when it changes. Default: the certificates that Node trusts.
   */
  readonly caFile?: string | undefined;
}

const target: unique symbol = Symbol.for('littoral.post-target') as never;

/** What a handler posts to. */
export interface PostTarget {
  readonly url: string;
  readonly options: PostToOptions;
  /** The path, where it is not that of the URL: one that follows from the message. */
  readonly pathOfMessage?: boolean | undefined;
}

/**
 * Makes the function of a handler that posts its messages to a URL. The answer decides: 2xx is handled; see
 * docs/receiving.md for the others. Without `parameters` the body is that of the message; with `parameters` it is the
 * argument, or all arguments, as JSON.
 *
 * @param url `http://` or `https://`, without credentials
 * @throws at start, by `createGateway`: `invalid-handlers`
 */
export function postTo(url: string, options: PostToOptions = {}): () => Promise<void> {
  return posting({ url, options });
}

/** Makes a function that posts to a target. It is called by a gateway, which replaces it. */
export function posting(to: PostTarget): () => Promise<void> {
  const post = async () => {
    throw new Error('postTo(…) is for handlers of a gateway, which post their messages.');
  };
  return Object.assign(post, { [target]: to });
}

/** Returns the target of a function of `postTo`; undefined for any other function. */
export function postTargetOf(handle: unknown): PostTarget | undefined {
  return typeof handle === 'function' ? (handle as { [target]?: PostTarget })[target] : undefined;
}
