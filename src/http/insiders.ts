import type { FastifyRequest } from 'fastify';
import { LittoralError } from '../errors.ts';
import type { AdminToken } from './admin-token.ts';
import { isLoopback } from './loopback.ts';
import { hostNameOf, type PublicAddress } from './public-address.ts';

export interface InsiderOptions {
  readonly adminToken: AdminToken;
  /** True if a proxy makes the gateway reachable from other machines, so that a loopback address proves nothing. */
  readonly isBehindProxy: boolean;
  readonly publicAddress: (request: FastifyRequest['raw']) => PublicAddress;
}

/**
 * Returns a check of whether a caller may see details of the setup, such as the address of the broker: programs on this
 * machine that use a loopback name (which excludes DNS rebinding by a web page), and callers with the admin token.
 */
export function insiderCheck({ adminToken, isBehindProxy, publicAddress }: InsiderOptions) {
  return (request: FastifyRequest): boolean => {
    if (adminToken.isSentBy(request)) return true;
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

/** Returns an error for other callers: without the address of the broker and the broker's text. */
export function withoutDetails(error: LittoralError): LittoralError {
  const detail = details[error.code];
  if (detail === undefined) return error;
  const where =
    'The reason is in the log of the gateway. Callers with the grant endpoints:read get it here as well; without auth, callers on loopback or with the admin token.';
  return new LittoralError(error.code, `${detail} ${where}`, { messageId: error.messageId, cause: error });
}
