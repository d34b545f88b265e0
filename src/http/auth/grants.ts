import { routingKeyMatcher, validatePattern } from '../../message/routing-key.ts';
import { listed } from '../../text/listed.ts';
import { namedPermissions, type Permission, type SendPermission } from './permission.ts';

/** A parsed grant. */
interface Grant {
  readonly text: string;
  readonly kind: SendPermission['kind'] | 'named' | 'all';
  /** Returns whether the grant allows a permission of its kind. */
  readonly gives: (permission: Permission) => boolean;
  /** The result of `permissionKey` for the only permission that the grant allows; undefined for a pattern. */
  readonly exact?: string;
}

const kinds: readonly string[] = ['command', 'event', 'message'] satisfies SendPermission['kind'][];
const available = ['*', 'command:…/…', 'event:…', 'message:…/…', ...namedPermissions];

/**
 * The grants of a caller. `*` stands for any characters, dots included, as in the keys of handlers. A permission that
 * no grant allows is refused.
 */
export class Grants {
  readonly #exact = new Map<string, string>();
  readonly #patterns: Grant[] = [];
  /** The texts of the grants. */
  readonly texts: readonly string[];

  /** @throws TypeError for a grant that is not valid */
  constructor(texts: readonly string[]) {
    this.texts = texts;
    for (const text of texts) {
      const grant = readGrant(text);
      if (typeof grant === 'string') throw new TypeError(grant);
      if (grant.exact === undefined) this.#patterns.push(grant);
      else this.#exact.set(grant.exact, text);
    }
  }

  /** Returns the text of the grant that allows a permission; undefined if none does. */
  find(permission: Permission): string | undefined {
    const exact = this.#exact.size === 0 ? undefined : this.#exact.get(permissionKey(permission));
    return exact ?? this.#patterns.find((grant) => grant.gives(permission))?.text;
  }

  /** Returns whether the grants allow any message of a kind. */
  canSend(kind?: SendPermission['kind']): boolean {
    const wanted = kind === undefined ? kinds : [kind];
    if (this.#patterns.some((grant) => grant.kind === 'all' || wanted.includes(grant.kind))) return true;
    return this.texts.some((text) => wanted.some((name) => text.startsWith(`${name}:`)));
  }

  /** Returns whether the caller has no grants. */
  get isEmpty(): boolean {
    return this.texts.length === 0;
  }
}

/** Returns the issue of a grant, as the end of a sentence; undefined for a valid grant. */
export function validateGrant(text: string): string | undefined {
  const grant = readGrant(text);
  return typeof grant === 'string' ? grant : undefined;
}

/** Writes a permission in the form of a grant. */
export function permissionText(permission: Permission): string {
  if (typeof permission === 'string') return permission;
  const { kind, destination, routingKey } = permission;
  return destination === undefined ? `${kind}:${routingKey}` : `${kind}:${encodeSlash(destination)}/${routingKey}`;
}

/** Returns the key of a permission. No part contains a line break, so no two permissions have the same key. */
function permissionKey(permission: Permission): string {
  if (typeof permission === 'string') return permission;
  return `${permission.kind}\n${permission.destination ?? ''}\n${permission.routingKey}`;
}

/** @returns the issue, if it is not valid */
function readGrant(text: string): Grant | string {
  if (text === '*') return { text, kind: 'all', gives: () => true };
  const colon = text.indexOf(':');
  const [name, rest] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon > 0 && kinds.includes(name)) return readSendGrant(text, name as SendPermission['kind'], rest);
  const matches = routingKeyMatcher(text);
  // The part before the colon never has a wildcard, so it can be used to look grants up.
  if (colon > 0 && !name.includes('*') && namedPermissions.some(matches)) {
    const gives = (permission: Permission) => typeof permission === 'string' && matches(permission);
    return { text, kind: 'named', gives, ...(text.includes('*') ? {} : { exact: text }) };
  }
  return `is no grant. Available: ${listed(available)}`;
}

function readSendGrant(text: string, kind: SendPermission['kind'], rest: string): Grant | string {
  const slash = rest.indexOf('/');
  const hasDestination = kind !== 'event';
  if (hasDestination && slash === -1 && rest !== '*') {
    return `has no destination: write ${kind}:<service>/<routing key>, or ${kind}:* for all`;
  }
  const isWhole = !hasDestination || slash === -1;
  const destination = isWhole ? '*' : decodeSlash(rest.slice(0, slash));
  const routingKey = isWhole ? rest : rest.slice(slash + 1);
  for (const [what, pattern] of [['destination', destination] as const, ['routing key', routingKey] as const]) {
    const issue = validatePattern(pattern);
    if (issue !== undefined) return `has a ${what} that ${issue}`;
  }
  const parts = hasDestination ? [destination, routingKey] : [routingKey];
  if (!parts.some((part) => part.includes('*'))) {
    const only: SendPermission = hasDestination ? { kind, destination, routingKey } : { kind, routingKey };
    return { text, kind, gives: () => false, exact: permissionKey(only) };
  }
  const [isDestination, isKey] = [routingKeyMatcher(destination), routingKeyMatcher(routingKey)];
  const gives = (permission: Permission) =>
    typeof permission === 'object' &&
    permission.kind === kind &&
    isDestination(permission.destination ?? '') &&
    isKey(permission.routingKey);
  return { text, kind, gives };
}

/** Writes a destination. It ends at the first slash, so a slash in its name is percent-encoded, as in a path. */
function decodeSlash(text: string): string {
  return text.replaceAll(/%2f/gi, '/').replaceAll('%25', '%');
}

function encodeSlash(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('/', '%2F');
}
