import { createHash } from 'node:crypto';
import type { AuthConfig } from '../../../src/config/auth-config.ts';
import { secretWord } from '../../logs/secret-watch.ts';

/** A key of a caller, by its name: long enough, and never in the configuration. */
export function keyOf(name: string): string {
  return `${secretWord}-key-of-${name}`;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** Returns the keys of callers with their grants. */
export function keysOf(callers: Readonly<Record<string, readonly string[]>>): NonNullable<AuthConfig['keys']> {
  return Object.entries(callers).map(([id, grants]) => ({ id, sha256: sha256(keyOf(id)), grants }));
}
