import type { Principal } from './principal.ts';

/** The message header that names the caller of a request (`auth.header`). No caller can set it. */
export interface CallerHeader {
  readonly name: string;
  /** The name as `foldHeaderName` returns it. */
  readonly folded: string;
  /** The name of the caller; null for a caller without credentials, whose message has no such header. */
  readonly value: string | null;
}

/** Returns a function that creates the header for a caller. */
export function callerHeaderWriter(name: string): (principal: Principal | undefined) => CallerHeader {
  const folded = foldHeaderName(name);
  return (principal) => ({ name, folded, value: principal?.isKnown ? principal.name : null });
}

/**
 * Returns the folded form of a header name. Two names have the same form if an application could confuse them: HTTP
 * ignores case, and CGI turns hyphens into underscores.
 */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}
