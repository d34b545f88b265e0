import { FileWatch } from '../../../file/file-watch.ts';
import type { Logger } from '../../../logger.ts';
import { longestTimeoutMs } from '../../../time/timeout.ts';
import type { AddressSource } from './address-source.ts';
import type { AmqpConnection } from './amqp-connection.ts';

export interface SecretRenewalOptions {
  /** The file of the OAuth 2 token. */
  readonly tokenFile: string;
  readonly source: AddressSource;
  /** The connections that stay open. */
  readonly connections: readonly AmqpConnection[];
  readonly logger: Logger;
}

/** Time before the end of a token at which its file is read again in any case. */
const aheadMs = 60_000;

/**
 * Renews the token of open connections when its file changes, because RabbitMQ refuses everything on a connection whose
 * token has expired. The program that writes the file obtains the token.
 */
export class SecretRenewal {
  readonly #options: SecretRenewalOptions;
  readonly #watch: FileWatch;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SecretRenewalOptions) {
    this.#options = options;
    this.#watch = new FileWatch({ paths: () => [options.tokenFile] });
  }

  start(): void {
    this.#watch.start(() => this.#renew());
    this.#renewBeforeEnd(this.#token());
  }

  close(): void {
    this.#watch.close();
    clearTimeout(this.#timer);
  }

  #token(): string {
    return this.#options.source.current()[0]?.connect.password ?? '';
  }

  #renew(): void {
    const token = this.#token();
    this.#renewBeforeEnd(token);
    for (const connection of this.#options.connections) void connection.renewSecret(token);
  }

  /** Notifications of a change can fail to come, as on a network file system that caches what it knows of a file. */
  #renewBeforeEnd(token: string): void {
    clearTimeout(this.#timer);
    const endMs = endOfToken(token);
    if (endMs === undefined) return;
    const leftMs = endMs - Date.now();
    const waitMs = Math.max(0, leftMs - Math.min(aheadMs, leftMs / 2));
    this.#timer = setTimeout(() => this.#onEndIsNear(token, endMs), Math.min(waitMs, longestTimeoutMs)).unref();
  }

  #onEndIsNear(token: string, endMs: number): void {
    if (this.#token() !== token) {
      this.#renew();
      return;
    }
    const { logger, tokenFile } = this.#options;
    const expiresAt = new Date(endMs).toISOString();
    logger.warn({ tokenFile, expiresAt }, 'token of the broker expires soon, and its file has not changed');
  }
}

/** Returns the time at which a JSON Web Token ends; undefined for another token. RabbitMQ verifies it. */
function endOfToken(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const endMs = Number(exp) * 1000;
    return endMs > 0 && endMs <= 8.64e15 ? endMs : undefined;
  } catch {
    return undefined;
  }
}
