import type { FastifyRequest } from 'fastify';
import type { LittoralError } from '../../errors.ts';
import type { Permission, RoutePermission } from './permission.ts';
import type { Principal } from './principal.ts';
import { credentialsMissing, insufficientScope } from './refusals.ts';

/** The decision about a request, with its reasons. */
export interface AccessDecision {
  /**
   * The requirement of the request: a permission; `open` for none; `caller` for any credentials, or any grant in
   * `auth.anonymous`; `messages` for a grant for each message in its body; `everything` for the grant `*`.
   */
  readonly requires: Permission | 'open' | 'caller' | 'messages' | 'everything';
  /** The text of the grant that allows the request; undefined if no single grant does. */
  readonly grant?: string | undefined;
  /** The error of a refused request; undefined for an allowed one. */
  readonly error?: LittoralError | undefined;
}

/**
 * Decides whether a caller may make a request. The body does not affect the decision.
 *
 * @param wanted the permission of the route. Default: it is looked up
 */
export function decideAccess(
  request: FastifyRequest,
  principal: Principal,
  wanted = wantedPermission(request),
): AccessDecision {
  const { grants } = principal;
  if (wanted === 'open') return { requires: 'open' };
  if (wanted === 'caller') {
    const isAllowed = principal.isKnown || !grants.isEmpty;
    return { requires: 'caller', error: isAllowed ? undefined : credentialsMissing() };
  }
  if (wanted === undefined) {
    // A route without a declared permission requires the grant `*`.
    const grant = grants.texts.find((text) => text === '*');
    return { requires: 'everything', grant, error: grant === undefined ? refusal(principal, undefined) : undefined };
  }
  const permission = typeof wanted === 'function' ? wanted(request) : wanted;
  if (permission === undefined) {
    return { requires: 'messages', error: grants.canSend() ? undefined : refusal(principal, undefined) };
  }
  const grant = grants.find(permission);
  return { requires: permission, grant, error: grant === undefined ? refusal(principal, permission) : undefined };
}

/** Returns the permission of a request's route. Only known callers learn that a path does not exist. */
export function wantedPermission({ routeOptions, is404 }: FastifyRequest): RoutePermission | undefined {
  return is404 ? 'caller' : routeOptions.config.permission;
}

/** Returns the error for a caller that lacks a permission. */
export function refusal(principal: Principal, permission: Permission | undefined): LittoralError {
  return principal.isKnown ? insufficientScope(principal, permission) : credentialsMissing();
}
