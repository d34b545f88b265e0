import { LittoralError } from '../../errors.ts';
import { permissionText } from './grants.ts';
import type { Permission } from './permission.ts';
import type { Principal } from './principal.ts';

/** The codes of RFC 6750 section 3.1. */
type BearerError = 'invalid_request' | 'invalid_token' | 'insufficient_scope';

/** Returns the error for a request that lacks credentials. */
export function credentialsMissing(): LittoralError {
  return unauthorized('The request needs credentials. Send Authorization: Bearer …, with a key or a token.');
}

/** Returns the error for wrong credentials. The error never contains them. */
export function rejectCredentials(detail: string, error?: BearerError): LittoralError {
  return unauthorized(detail, error);
}

/** @param permission undefined for a request whose required permission depends on the body */
export function insufficientScope({ name }: Principal, permission: Permission | undefined): LittoralError {
  const wanted = permission === undefined ? 'for any message to send' : `for ${permissionText(permission)}`;
  return new LittoralError('insufficient-scope', `The caller '${name}' has no grant ${wanted}.`, {
    headers: { 'www-authenticate': challenge('insufficient_scope', permission && permissionText(permission)) },
  });
}

function unauthorized(detail: string, error?: BearerError): LittoralError {
  return new LittoralError('unauthorized', detail, { headers: { 'www-authenticate': challenge(error) } });
}

/** Returns a challenge (RFC 6750 section 3). Omits a scope with characters that the section does not allow. */
function challenge(error?: BearerError, scope?: string): string {
  const parts = ['Bearer realm="littoral"'];
  if (error !== undefined) parts.push(`error="${error}"`);
  if (scope !== undefined && /^[!#-[\]-~]+$/.test(scope)) parts.push(`scope="${scope}"`);
  return parts.join(', ');
}
