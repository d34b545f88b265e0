import type { Grants } from './grants.ts';

/** The kind of a caller's credentials. */
export type CredentialKind = 'key' | 'admin token' | 'token' | 'certificate' | 'none';

/** A caller, by its credentials. */
export interface Principal {
  /** The id of its key, the subject of its token, or the name in its certificate; `anonymous` without credentials. */
  readonly name: string;
  readonly kind: CredentialKind;
  /** The issuer of its token; undefined for other credentials. */
  readonly issuer?: string | undefined;
  /** A unique name of the caller. Callers with the same `name`, but another kind or issuer, have another scope. */
  readonly scope: string;
  readonly grants: Grants;
  /** False for a caller without credentials. */
  readonly isKnown: boolean;
}

/** The first word of each scope. The ids of idempotent messages depend on it, so it must never change. */
const scopeWords = { key: 'key', 'admin token': 'admin', token: 'jwt', certificate: 'mtls' } as const;

/** @param issuer the issuer of a token */
export function createPrincipal(
  name: string,
  kind: Exclude<CredentialKind, 'none'>,
  grants: Grants,
  issuer?: string,
): Principal {
  const source = issuer === undefined ? scopeWords[kind] : `${scopeWords[kind]} ${issuer}`;
  return { name, kind, issuer, scope: `${source} ${name}`, grants, isKnown: true };
}

export function createAnonymous(grants: Grants): Principal {
  return { name: 'anonymous', kind: 'none', scope: 'anonymous', grants, isKnown: false };
}
