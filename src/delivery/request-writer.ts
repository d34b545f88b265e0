import { errorMessage } from '../errors.ts';
import { RereadFile } from '../file/reread-file.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import type { PostRequest } from './http-client.ts';
import { addMessageHeaders } from './message-request-headers.ts';
import type { PostFormat } from './post-to.ts';
import type { PostedMessage } from './posted-request.ts';

export interface RequestWriterOptions {
  /** The path; undefined for the prefix and the routing key of the message. */
  readonly path: string | undefined;
  readonly prefix: string;
  /** Milliseconds that the application has for its answer. */
  readonly timeoutMs: number;
  readonly format?: PostFormat | undefined;
  readonly service: string;
  readonly cloudEventsSource?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly logger: Logger;
}

const visibleAscii = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Writes the requests of one handler. */
export class RequestWriter {
  readonly #options: RequestWriterOptions;
  readonly #requestTimeout: string;
  readonly #token: RereadFile<string> | undefined;

  /** @throws Error if a file of a secret cannot be read */
  constructor(options: RequestWriterOptions) {
    const { timeoutMs, tokenFile, logger } = options;
    this.#options = options;
    this.#requestTimeout = timeoutMs % 1000 === 0 ? `${timeoutMs / 1000}s` : `${timeoutMs}ms`;
    const onError = (error: unknown) => {
      logger.error({ reason: errorMessage(error) }, 'a changed secret file cannot be used: the earlier one stays in use');
    };
    this.#token = tokenFile === undefined ? undefined : new RereadFile(tokenFile, readToken, onError);
  }

  /** @param attempt number of the attempt, from 1 */
  write(posted: PostedMessage, attempt: number): PostRequest {
    const { message, body, contentType } = posted;
    const headers: string[] = [];
    if (contentType !== undefined && visibleAscii.test(contentType)) headers.push('content-type', contentType);
    addMessageHeaders(headers, message);
    headers.push('message-attempt', String(attempt), 'request-timeout', this.#requestTimeout, 'user-agent', 'littoral');
    if (this.#token) headers.push('authorization', `Bearer ${this.#token.current()}`);
    headers.push(...posted.headers);
    return { path: this.#pathFor(posted), headers, body };
  }

  #pathFor({ message: { headers } }: PostedMessage): string {
    const { path, prefix } = this.#options;
    return path ?? `${prefix}${encodeURIComponent(String(headers[Header.routingKey]).toWellFormed())}`;
  }
}

function readToken(text: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('the token file holds no token of visible ASCII characters');
  return token;
}
