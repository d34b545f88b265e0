import type { FastifyRequest } from 'fastify';
import { isLittoralError, type LittoralError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { type Clock, systemClock, type WallClock } from '../../time/clock.ts';
import type { AuthSettings } from './auth-settings.ts';
import { Authenticator, type AuthenticatorOptions } from './authenticator.ts';
import type { Permission, RoutePermission } from './permission.ts';
import type { Principal } from './principal.ts';
import { credentialsMissing, insufficientScope } from './refusals.ts';

const held = Symbol('principal');
const refused = Symbol('refused messages');

/** A request with its caller. A WeakMap would cost the garbage collector more. */
interface Holding {
  [held]?: Principal;
  [refused]?: { count: number; readonly first: LittoralError } | undefined;
}

/** The refused messages of one request. */
export interface RefusedMessages {
  readonly count: number;
  /** The error of the first one. */
  readonly first: LittoralError;
}

export interface AccessOptions {
  readonly logger: Logger;
  /** The token that may read and change dead letters, as a key with these grants. */
  readonly adminToken: string | undefined;
  /** Default: the system's. */
  readonly clock?: (Clock & WallClock) | undefined;
}

/** Decides which requests a gateway serves, before it reads their bodies. */
export class Access {
  readonly #options: AuthenticatorOptions;
  #authenticator: Authenticator;

  /** @throws what reading a file throws */
  constructor(settings: AuthSettings, options: AccessOptions) {
    this.#options = { ...options, clock: options.clock ?? systemClock };
    this.#authenticator = new Authenticator(settings, this.#options);
  }

  /**
   * Replaces keys and grants. Requests that were admitted before are not affected. The fetched keys of issuers stay.
   *
   * @throws as the constructor
   */
  reload(settings: AuthSettings, adminToken: string | undefined): void {
    const { fetchedKeys } = this.#authenticator;
    this.#authenticator = new Authenticator(settings, { ...this.#options, adminToken, fetchedKeys });
  }

  /**
   * Admits a request if its caller has the permission.
   *
   * @returns a promise only if a token has to be verified
   * @throws LittoralError `unauthorized`, `insufficient-scope`, `auth-unavailable`
   */
  admit(request: FastifyRequest): undefined | Promise<void> {
    const isOpen = this.#wanted(request) === 'open';
    let principal: Principal | Promise<Principal>;
    try {
      principal = this.#authenticator.authenticate(request);
    } catch (error) {
      // An open route serves callers with wrong credentials like unknown ones.
      if (isOpen && isLittoralError(error)) return undefined;
      throw error;
    }
    if (!(principal instanceof Promise)) {
      this.#enter(request, principal);
      return undefined;
    }
    return principal.then(
      (found) => this.#enter(request, found),
      (error: unknown) => {
        if (!isOpen || !isLittoralError(error)) throw error;
      },
    );
  }

  /** Returns the caller of an admitted request; undefined for a request to an open route with wrong credentials. */
  principalOf({ raw }: Pick<FastifyRequest, 'raw'>): Principal | undefined {
    return (raw as Holding)[held];
  }

  /** Returns whether the caller of a request has a permission. */
  isGranted(request: Pick<FastifyRequest, 'raw'>, permission: Permission): boolean {
    return this.principalOf(request)?.grants.find(permission) !== undefined;
  }

  /**
   * Checks one message of a request whose body decides where it goes.
   *
   * @throws LittoralError `unauthorized`, `insufficient-scope`
   */
  assertGranted(request: Pick<FastifyRequest, 'raw'>, permission: Permission): void {
    const principal = this.principalOf(request);
    if (principal?.grants.find(permission) !== undefined) return;
    const error = principal === undefined ? credentialsMissing() : refusal(principal, permission);
    const holding = request.raw as Holding;
    holding[refused] ??= { count: 0, first: error };
    holding[refused].count += 1;
    throw error;
  }

  /** Returns which messages of a request `assertGranted` has refused since the last call; undefined for none. */
  takeRefused({ raw }: Pick<FastifyRequest, 'raw'>): RefusedMessages | undefined {
    const holding = raw as Holding;
    const taken = holding[refused];
    if (taken) holding[refused] = undefined;
    return taken;
  }

  #enter(request: FastifyRequest, principal: Principal): void {
    (request.raw as Holding)[held] = principal;
    const wanted = this.#wanted(request);
    if (wanted === 'open') return;
    if (wanted === 'caller') {
      if (principal.isKnown || !principal.grants.isEmpty) return;
      throw credentialsMissing();
    }
    if (wanted === undefined) {
      // A route without a declared permission requires the grant `*`.
      if (principal.grants.texts.includes('*')) return;
      throw refusal(principal, undefined);
    }
    const permission = typeof wanted === 'function' ? wanted(request) : wanted;
    const isGranted = permission === undefined ? principal.grants.canSend() : principal.grants.find(permission);
    if (!isGranted) throw refusal(principal, permission);
  }

  /** Only known callers learn that a path does not exist. */
  #wanted({ routeOptions, is404 }: FastifyRequest): RoutePermission | undefined {
    return is404 ? 'caller' : routeOptions.config.permission;
  }
}

function refusal(principal: Principal, permission: Permission | undefined) {
  return principal.isKnown ? insufficientScope(principal, permission) : credentialsMissing();
}
