import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { LittoralError } from '../errors.ts';
import { isLoopback } from './loopback.ts';

export interface AdminGuardOptions {
  /** The address that the gateway listens on. */
  readonly host: string;
  readonly adminToken: string | undefined;
  /** True if a proxy makes it reachable from elsewhere, even if it listens on loopback only. Default: false. */
  readonly isBehindProxy?: boolean;
}

/**
 * Returns a check that admits only requests with the admin token (RFC 6750 section 2.1), because the routes behind it
 * show payloads. Without a token in the configuration, a gateway that other machines can reach rejects every request.
 *
 * @returns a function that throws LittoralError `unauthorized`, `admin-token-not-set`
 */
export function adminGuard({
  host,
  adminToken,
  isBehindProxy = false,
}: AdminGuardOptions): (request: FastifyRequest) => void {
  if (adminToken === undefined) {
    const isOpen = isLoopback(host) && !isBehindProxy;
    return () => {
      if (isOpen) return;
      throw new LittoralError(
        'admin-token-not-set',
        'Dead letters show payloads, and this gateway can be reached from beyond loopback. Set ADMIN_TOKEN (http.adminToken) to a secret of 16 characters or more, and send it as Authorization: Bearer ….',
      );
    };
  }
  const hasToken = hasAdminToken(adminToken);
  return (request) => {
    if (hasToken(request)) return;
    throw new LittoralError('unauthorized', 'The request needs Authorization: Bearer …, with the admin token.', {
      headers: { 'www-authenticate': 'Bearer realm="littoral"' },
    });
  };
}

/** Returns a check of requests for the admin token (RFC 6750 section 2.1). It fails if no token is configured. */
export function hasAdminToken(adminToken: string | undefined): (request: FastifyRequest) => boolean {
  if (adminToken === undefined) return () => false;
  const expected = digestOf(adminToken);
  return ({ headers }) => {
    const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    // Digests have equal lengths, so the comparison time reveals nothing about the token.
    return token !== undefined && timingSafeEqual(digestOf(token), expected);
  };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
