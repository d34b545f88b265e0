import type { FastifyRequest } from 'fastify';
import { LittoralError } from '../errors.ts';
import { hasAdminToken } from './admin-guard.ts';
import { isLoopback } from './loopback.ts';
import { hostNameOf, type PublicAddress } from './public-address.ts';

export interface InsiderOptions {
  readonly adminToken: string | undefined;
  /** Whether a proxy makes the gateway reachable from elsewhere, so that an address on loopback says nothing. */
  readonly isBehindProxy: boolean;
  readonly publicAddress: (request: FastifyRequest['raw']) => PublicAddress;
}

/**
 * Returns a check of who may see how this gateway is set up, such as the address of its broker: programs on this machine
 * that address it by a name of loopback, so no web page under a name of its own, and those that send the admin token.
 */
export function insiderCheck({ adminToken, isBehindProxy, publicAddress }: InsiderOptions) {
  const hasToken = hasAdminToken(adminToken);
  return (request: FastifyRequest): boolean => {
    if (hasToken(request)) return true;
    if (isBehindProxy || !isLoopback(request.raw.socket.remoteAddress ?? '')) return false;
    const { authority } = publicAddress(request.raw);
    return authority === '' || isLoopback(hostNameOf(authority));
  };
}

const details: Partial<Record<LittoralError['code'], string>> = {
  'not-ready': 'Not ready.',
  'broker-unavailable': 'Nothing was sent: the broker cannot be used.',
  'broker-blocked': 'Nothing was sent: the broker takes no messages at the moment.',
  'write-refused': 'Nothing was sent: the broker user of this gateway may not publish at the moment.',
  'not-permitted': 'Nothing was sent: the broker user of this gateway may not send to that destination.',
  'connection-lost': 'The connection to the broker was lost before it confirmed the message.',
  'topology-mismatch': 'Nothing was sent: the broker has a queue or an exchange in another form.',
};

/** Returns an error as callers from elsewhere may see it: without the address of the broker and what the broker says. */
export function withoutDetails(error: LittoralError): LittoralError {
  const detail = details[error.code];
  if (detail === undefined) return error;
  const where = 'The log of the gateway says why, and so does this answer on loopback or with the admin token.';
  return new LittoralError(error.code, `${detail} ${where}`, { messageId: error.messageId, cause: error });
}
