import type { Grants } from './grants.ts';

/** A caller, by its credentials. */
export interface Principal {
  /** The id of its key, the subject of its token, or the name in its certificate; `anonymous` without credentials. */
  readonly name: string;
  /** A text that also distinguishes callers of the same name whose credentials have different kinds or issuers. */
  readonly scope: string;
  readonly grants: Grants;
  /** False for a caller without credentials. */
  readonly isKnown: boolean;
}

/** @param source the kind of its credentials, and their issuer */
export function createPrincipal(name: string, source: string, grants: Grants): Principal {
  return { name, scope: `${source} ${name}`, grants, isKnown: true };
}

export function createAnonymous(grants: Grants): Principal {
  return { name: 'anonymous', scope: 'anonymous', grants, isKnown: false };
}
