import type { FastifyRequest } from 'fastify';
import { isLittoralError, type LittoralError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { type Clock, systemClock, type WallClock } from '../../time/clock.ts';
import type { AuthSettings } from './auth-settings.ts';
import { Authenticator, type AuthenticatorOptions } from './authenticator.ts';
import { callerHeaderWriter } from './caller-header.ts';
import { type AccessDecision, decideAccess, refusal, wantedPermission } from './decision.ts';
import type { Permission } from './permission.ts';
import type { Principal } from './principal.ts';
import { credentialsMissing } from './refusals.ts';

const held = Symbol('principal');
const refused = Symbol('refused messages');
const rejected = Symbol('rejected credentials');

/** A request with its caller. A WeakMap would cost the garbage collector more. */
interface Holding {
  [held]?: Principal;
  [rejected]?: unknown;
  [refused]?: { count: number; readonly first: LittoralError } | undefined;
}

/** The refused messages of one request. */
export interface RefusedMessages {
  readonly count: number;
  /** The error of the first one. */
  readonly first: LittoralError;
}

export interface AccessOptions extends Pick<AuthenticatorOptions, 'certificateNames'> {
  readonly logger: Logger;
  /** The token that may read and change dead letters, as a key with these grants. */
  readonly adminToken: string | undefined;
  /** Default: the system's. */
  readonly clock?: (Clock & WallClock) | undefined;
}

/** The caller of a request that was admitted or refused, and the decision about it. */
export interface AccessExplanation {
  /** Undefined for a request whose credentials are not valid, or could not be verified. */
  readonly principal?: Principal | undefined;
  /** Undefined without a principal. */
  readonly decision?: AccessDecision | undefined;
  /** The error of its credentials. */
  readonly error?: unknown;
}

/** Decides which requests a gateway serves, before it reads their bodies. */
export class Access {
  readonly #options: AuthenticatorOptions;
  #authenticator: Authenticator;
  #callerHeader: ReturnType<typeof callerHeaderWriter> | undefined;

  /** @throws what reading a file throws */
  constructor(settings: AuthSettings, options: AccessOptions) {
    this.#options = { ...options, clock: options.clock ?? systemClock };
    this.#authenticator = new Authenticator(settings, this.#options);
    this.#callerHeader = headerOf(settings);
  }

  /** The credentials that it accepts at the moment. */
  get accepted(): Pick<Authenticator, 'kinds' | 'anonymous'> {
    return this.#authenticator;
  }

  /** Makes the message header that names a caller; undefined if none does. */
  get callerHeader(): ReturnType<typeof callerHeaderWriter> | undefined {
    return this.#callerHeader;
  }

  /**
   * Replaces keys and grants. Requests that were admitted before are not affected. The fetched keys of issuers stay.
   *
   * @throws as the constructor
   */
  reload(settings: AuthSettings, adminToken: string | undefined): void {
    const { fetchedKeys } = this.#authenticator;
    this.#authenticator = new Authenticator(settings, { ...this.#options, adminToken, fetchedKeys });
    this.#callerHeader = headerOf(settings);
  }

  /**
   * Admits a request if its caller has the permission.
   *
   * @returns a promise only if a token has to be verified
   * @throws LittoralError `unauthorized`, `insufficient-scope`, `auth-unavailable`
   */
  admit(request: FastifyRequest): undefined | Promise<void> {
    const isOpen = wantedPermission(request) === 'open';
    let principal: Principal | Promise<Principal>;
    try {
      principal = this.#authenticator.authenticate(request);
    } catch (error) {
      (request.raw as Holding)[rejected] = error;
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
        (request.raw as Holding)[rejected] = error;
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

  /** Explains the decision about a request that `admit` has admitted or refused. */
  explain(request: FastifyRequest): AccessExplanation {
    const { [held]: principal, [rejected]: error } = request.raw as Holding;
    return principal === undefined ? { error } : { principal, decision: decideAccess(request, principal) };
  }

  #enter(request: FastifyRequest, principal: Principal): void {
    (request.raw as Holding)[held] = principal;
    const { error } = decideAccess(request, principal);
    if (error !== undefined) throw error;
  }
}

function headerOf({ header }: AuthSettings) {
  return header === undefined ? undefined : callerHeaderWriter(header);
}
