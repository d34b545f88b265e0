import type { FastifyRequest } from 'fastify';
import { LittoralError } from '../errors.ts';
import type { AdminToken } from './admin-token.ts';
import { isLoopback } from './loopback.ts';

export interface AdminGuardOptions {
  /** The address that the gateway listens on. */
  readonly host: string;
  readonly adminToken: AdminToken;
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
  const isOpen = isLoopback(host) && !isBehindProxy;
  return (request) => {
    if (adminToken.isSet) {
      if (adminToken.isSentBy(request)) return;
      throw new LittoralError('unauthorized', 'The request needs Authorization: Bearer …, with the admin token.', {
        headers: { 'www-authenticate': 'Bearer realm="littoral"' },
      });
    }
    if (isOpen) return;
    throw new LittoralError(
      'admin-token-not-set',
      'Dead letters show payloads, and this gateway can be reached from beyond loopback. Set ADMIN_TOKEN (http.adminToken) to a secret of 16 characters or more, and send it as Authorization: Bearer ….',
    );
  };
}
