import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** The admin token, which can change while the process runs. */
export class AdminToken {
  #digest: Buffer | undefined;

  /** @param token undefined if none is configured */
  constructor(token: string | undefined) {
    this.replace(token);
  }

  replace(token: string | undefined): void {
    this.#digest = token === undefined ? undefined : digestOf(token);
  }

  /** True if a token is configured. */
  get isSet(): boolean {
    return this.#digest !== undefined;
  }

  /** Returns whether a request carries the token (RFC 6750 section 2.1); false if none is configured. */
  isSentBy({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
    if (this.#digest === undefined) return false;
    const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    // Digests have equal lengths, so the comparison time reveals nothing about the token.
    return token !== undefined && timingSafeEqual(digestOf(token), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
