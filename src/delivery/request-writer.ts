import { errorMessage } from '../errors.ts';
import { RereadFile } from '../file/reread-file.ts';
import { readToken } from '../file/token.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import type { Invocation } from '../parameter/parameter-converter.ts';
import { ApplicationError } from './application-error.ts';
import { toCloudEventRequest } from './cloud-event-request.ts';
import { identityOf } from './event-attributes.ts';
import type { PostRequest } from './http-client.ts';
import { addMessageHeaders } from './message-request-headers.ts';
import type { PostFormat } from './post-to.ts';
import type { PostedMessage } from './posted-request.ts';
import { readSecrets, type SigningSecrets, signatureHeaders } from './sign-request.ts';

export interface RequestWriterOptions {
  /** The path; undefined for the prefix and the routing key of the message. */
  readonly path: string | undefined;
  readonly prefix: string;
  /** Milliseconds that the application has for its answer. */
  readonly timeoutMs: number;
  readonly format?: PostFormat | undefined;
  readonly cloudEventsSource?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly logger: Logger;
}

/** What a request says of its message beside the message itself. */
interface Described {
  /** The id of the event, and of the signature. */
  readonly id: string;
  readonly expiresAtMs: number | undefined;
}

const visibleAscii = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Writes the requests of one handler. */
export class RequestWriter {
  readonly #options: RequestWriterOptions;
  readonly #requestTimeout: string;
  readonly #token: RereadFile<string> | undefined;
  readonly #secrets: RereadFile<SigningSecrets> | undefined;

  /** @throws Error if a file of a secret cannot be read */
  constructor(options: RequestWriterOptions) {
    const { timeoutMs, tokenFile, secretFile, logger } = options;
    this.#options = options;
    this.#requestTimeout = timeoutMs % 1000 === 0 ? `${timeoutMs / 1000}s` : `${timeoutMs}ms`;
    const onError = (error: unknown) => {
      logger.error(
        { reason: errorMessage(error) },
        'a changed secret file cannot be used: the earlier one stays in use',
      );
    };
    this.#token = tokenFile === undefined ? undefined : new RereadFile(tokenFile, { parse: readToken, onError });
    this.#secrets = secretFile === undefined ? undefined : new RereadFile(secretFile, { parse: readSecrets, onError });
  }

  write(posted: PostedMessage, call: Pick<Invocation, 'attempt' | 'expiresAtMs'>): PostRequest {
    const { message } = posted;
    const headers: string[] = [];
    const { format = 'message' } = this.#options;
    const isIdentified = this.#secrets !== undefined || format !== 'message';
    const id = isIdentified ? identityOf(message.headers) : '';
    const body = this.#addBody(headers, posted, { id, expiresAtMs: call.expiresAtMs });
    addMessageHeaders(headers, message, call);
    const attempt = String(call.attempt ?? 1);
    headers.push('message-attempt', attempt, 'request-timeout', this.#requestTimeout, 'user-agent', 'littoral');
    if (this.#token) headers.push('authorization', `Bearer ${this.#token.current()}`);
    if (this.#secrets) addHeaders(headers, signatureHeaders(this.#secrets.current(), toSign(id, body)));
    headers.push(...posted.headers);
    return { path: this.#pathFor(posted), headers, body };
  }

  /** Adds the headers that describe the body. @returns the body */
  #addBody(headers: string[], posted: PostedMessage, { id, expiresAtMs }: Described): Uint8Array {
    const { message, body, contentType } = posted;
    const { format = 'message', cloudEventsSource } = this.#options;
    if (format === 'message') {
      if (contentType !== undefined && visibleAscii.test(contentType)) headers.push('content-type', contentType);
      return body;
    }
    const mode = format === 'cloudevents' ? 'binary' : 'structured';
    const own = { ...message.headers, [Header.id]: id, [Header.contentType]: contentType };
    const described = { ...message, headers: own, payload: body };
    const event = toCloudEventRequest(described, { mode, source: cloudEventsSource, expiresAtMs });
    addHeaders(headers, event.headers);
    return event.body;
  }

  /** @throws ApplicationError for a routing key that a proxy or an application would resolve as a relative path */
  #pathFor({ message: { headers } }: PostedMessage): string {
    const { path, prefix } = this.#options;
    if (path !== undefined) return path;
    const key = String(headers[Header.routingKey]).toWellFormed();
    if (key !== '.' && key !== '..') return `${prefix}${encodeURIComponent(key)}`;
    throw new ApplicationError(
      `The message was not posted: its routing key '${key}' would lead to another path. Give its endpoint a path.`,
      { retryable: false },
    );
  }
}

function addHeaders(to: string[], headers: object): void {
  for (const [name, value] of Object.entries(headers)) to.push(name, String(value));
}

function toSign(id: string, body: Uint8Array) {
  return { id, timestampSeconds: Math.floor(Date.now() / 1000), body };
}
