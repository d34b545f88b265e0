import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { ApiKeys, digestOf } from './api-keys.ts';
import type { AuthSettings } from './auth-settings.ts';
import { bearerToken } from './bearer-token.ts';
import { ClientCertificates } from './client-certificates.ts';
import { Grants } from './grants.ts';
import { JwtVerifier, type JwtVerifierOptions } from './jwt-verifier.ts';
import { type CredentialKind, createAnonymous, createPrincipal, type Principal } from './principal.ts';
import { rejectCredentials } from './refusals.ts';

/** The grants of `http.adminToken`. */
export const adminGrants = ['dead-letters:*', 'endpoints:read', 'metrics:read', 'docs:read'] as const;

export interface AuthenticatorOptions extends JwtVerifierOptions {
  readonly adminToken: string | undefined;
  /** Returns the names in the client certificate of a connection. Default: those that the handshake has verified. */
  readonly certificateNames?: ((socket: Socket) => readonly string[]) | undefined;
}

/** Identifies the caller of a request by its credentials. */
export class Authenticator {
  readonly #keys: ApiKeys;
  readonly #tokens: JwtVerifier;
  readonly #certificates: ClientCertificates | undefined;
  /** The caller of requests without credentials. */
  readonly anonymous: Principal;
  /** The configured kinds of credentials. */
  readonly kinds: ReadonlySet<CredentialKind>;

  /** @throws the error of reading a file */
  constructor({ keys = [], jwt = [], mtls, anonymous = [] }: AuthSettings, options: AuthenticatorOptions) {
    const { logger, adminToken, certificateNames } = options;
    this.#keys = new ApiKeys(keys, logger);
    this.#tokens = new JwtVerifier(jwt, options);
    if (adminToken !== undefined)
      this.#keys.add(adminToken, createPrincipal('admin', 'admin token', new Grants(adminGrants)));
    this.#certificates = mtls && new ClientCertificates(mtls, certificateNames);
    this.anonymous = createAnonymous(new Grants(anonymous));
    const kinds = [
      ...(keys.length > 0 ? (['key'] as const) : []),
      ...(jwt.length > 0 ? (['token'] as const) : []),
      ...(mtls === undefined ? [] : (['certificate'] as const)),
      ...(adminToken === undefined ? [] : (['admin token'] as const)),
    ];
    this.kinds = new Set(kinds);
  }

  /** The fetched keys of issuers. The authenticator that replaces this one uses them, too. */
  get fetchedKeys(): JwtVerifierOptions['fetchedKeys'] {
    return this.#tokens.fetchedKeys;
  }

  /**
   * Returns the caller.
   *
   * @returns a promise only if a token has to be verified
   * @throws LittoralError `unauthorized` for credentials that are not valid, `auth-unavailable`
   */
  authenticate(request: FastifyRequest): Principal | Promise<Principal> {
    const token = bearerToken(request);
    // A token takes precedence over a certificate, because a proxy or a mesh may present one certificate for all of its
    // callers.
    if (token === undefined) return this.#certificates?.find(request.raw.socket) ?? this.anonymous;
    const digest = digestOf(token);
    const key = this.#keys.find(digest);
    if (key !== undefined) return key;
    if (this.#tokens.isToken(token)) return this.#tokens.verify(token, digest);
    throw rejectCredentials('The key or token is not known.', 'invalid_token');
  }
}
