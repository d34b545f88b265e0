import type { FastifyRequest } from 'fastify';
import { isLittoralError, type LittoralError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { type Clock, systemClock, type WallClock } from '../../time/clock.ts';
import type { AuthSettings } from './auth-settings.ts';
import { Authenticator, type AuthenticatorOptions } from './authenticator.ts';
import { callerHeaderWriter } from './caller-header.ts';
import { type AccessDecision, decideAccess, refusal, wantedPermission } from './decision.ts';
import type { Permission, RoutePermission } from './permission.ts';
import type { Principal } from './principal.ts';
import { credentialsMissing } from './refusals.ts';

const held = Symbol('principal');
const refused = Symbol('refused messages');
const rejected = Symbol('rejected credentials');

/** A request with its caller in a property. A WeakMap would be slower to collect as garbage. */
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
  /** `http.adminToken`: a key with the grants in `adminGrants`. */
  readonly adminToken: string | undefined;
  /** Default: the system's. */
  readonly clock?: (Clock & WallClock) | undefined;
}

/** The caller of a request, and the decision about the request. */
export interface AccessExplanation {
  /** Undefined for a request whose credentials are not valid, or could not be verified. */
  readonly principal?: Principal | undefined;
  /** Undefined without a principal. */
  readonly decision?: AccessDecision | undefined;
  /** The reason why the credentials were not accepted. */
  readonly error?: unknown;
}

/** Decides which requests a gateway serves before it reads their bodies. */
export class Access {
  readonly #options: AuthenticatorOptions;
  #authenticator: Authenticator;
  #callerHeader: ReturnType<typeof callerHeaderWriter> | undefined;

  /** @throws the error of reading a file */
  constructor(settings: AuthSettings, options: AccessOptions) {
    this.#options = { ...options, clock: options.clock ?? systemClock };
    this.#authenticator = new Authenticator(settings, this.#options);
    this.#callerHeader = headerOf(settings);
  }

  /** The kinds of credentials that the gateway currently accepts, and the anonymous caller. */
  get accepted(): Pick<Authenticator, 'kinds' | 'anonymous'> {
    return this.#authenticator;
  }

  /** A function that creates the message header with the name of a caller; undefined without `auth.header`. */
  get callerHeader(): ReturnType<typeof callerHeaderWriter> | undefined {
    return this.#callerHeader;
  }

  /**
   * Replaces the keys and grants, but not the fetched keys of issuers. Requests that are already admitted are not
   * affected.
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
    const wanted = wantedPermission(request);
    const isOpen = wanted === 'open';
    let principal: Principal | Promise<Principal>;
    try {
      principal = this.#authenticator.authenticate(request);
    } catch (error) {
      (request.raw as Holding)[rejected] = error;
      // An open route serves callers with wrong credentials like callers without credentials.
      if (isOpen && isLittoralError(error)) return undefined;
      throw error;
    }
    if (!(principal instanceof Promise)) {
      this.#enter(request, principal, wanted);
      return undefined;
    }
    return principal.then(
      (found) => this.#enter(request, found, wanted),
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
   * Checks one message of a request whose body names the destinations.
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

  /** Returns the messages of a request that `assertGranted` has refused since the last call; undefined for none. */
  takeRefused({ raw }: Pick<FastifyRequest, 'raw'>): RefusedMessages | undefined {
    const holding = raw as Holding;
    const taken = holding[refused];
    if (taken) holding[refused] = undefined;
    return taken;
  }

  /** Explains the decision of `admit` about a request. */
  explain(request: FastifyRequest): AccessExplanation {
    const { [held]: principal, [rejected]: error } = request.raw as Holding;
    return principal === undefined ? { error } : { principal, decision: decideAccess(request, principal) };
  }

  #enter(request: FastifyRequest, principal: Principal, wanted: RoutePermission | undefined): void {
    (request.raw as Holding)[held] = principal;
    const { error } = decideAccess(request, principal, wanted);
    if (error !== undefined) throw error;
  }
}

function headerOf({ header }: AuthSettings) {
  return header === undefined ? undefined : callerHeaderWriter(header);
}
