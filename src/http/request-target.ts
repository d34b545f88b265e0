import type { FastifyRequest } from 'fastify';
import { LittoralError } from '../errors.ts';

/**
 * Refuses what Node and the router would let pass, each in its own way.
 *
 * @throws LittoralError `malformed-request`
 */
export function assertWellFormedTarget({ raw }: FastifyRequest): void {
  const hosts = raw.rawHeaders.filter(
    (text, index) => index % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host',
  );
  // RFC 9112 section 3.2.
  if (hosts.length > 1 || (hosts.length === 0 && raw.httpVersion === '1.1')) {
    throw new LittoralError('malformed-request', 'The request must have exactly one header Host.');
  }
  // RFC 9112 section 3.2.1: a target has no fragment. The router would drop it, and send to a shorter routing key.
  if (raw.url?.includes('#')) {
    throw new LittoralError('malformed-request', "The path has a '#'; write it as %23.");
  }
}
