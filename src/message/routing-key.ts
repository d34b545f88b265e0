import { maxShortStringBytes } from './limits.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const controlCharacter = /[\u0000-\u001f\u007f]/;
const plainKey = /^[\w.:/-]{1,255}$/;

/**
 * Describes the issue of a key that a message is sent under, or with a destination.
 *
 * @returns undefined for a good one
 */
export function validateKey(key: string): string | undefined {
  // Nearly all keys match this fast check, and each message has several keys.
  if (plainKey.test(key)) return undefined;
  if (/[*#]/.test(key)) return 'has a wildcard (* or #)';
  return validatePattern(key);
}

/** Describes the issue of the key or pattern that a handler is registered under. */
export function validatePattern(pattern: string): string | undefined {
  if (pattern === '') return 'is empty';
  if (Buffer.byteLength(pattern) > maxShortStringBytes) return `is longer than ${maxShortStringBytes} bytes`;
  if (controlCharacter.test(pattern)) return 'has a control character';
  if (!pattern.isWellFormed()) return 'is not valid Unicode';
  if (pattern.includes('#')) return 'has the wildcard #; * stands for any characters, dots included';
  return undefined;
}

/**
 * Compiles an event's pattern: `*` stands for any characters, dots included, as in Ecotone.
 *
 * @returns a function that returns whether a routing key matches
 */
export function routingKeyMatcher(pattern: string): (routingKey: string) => boolean {
  if (!pattern.includes('*')) return (routingKey) => routingKey === pattern;
  const literals = pattern.split('*');
  return (routingKey) => matchesLiterals(routingKey, literals);
}

/** Looks for the literals from left to right: linear, where a regular expression of many `.*` is not. */
function matchesLiterals(key: string, literals: readonly string[]): boolean {
  const first = literals[0] ?? '';
  const last = literals.at(-1) ?? '';
  if (key.length < first.length + last.length || !key.startsWith(first) || !key.endsWith(last)) return false;
  const end = key.length - last.length;
  let position = first.length;
  for (const literal of literals.slice(1, -1)) {
    const found = key.indexOf(literal, position);
    if (found === -1 || found + literal.length > end) return false;
    position = found + literal.length;
  }
  return true;
}

/**
 * Returns the pattern that an engine may subscribe to in place of another one: each word that contains `*` becomes `*`.
 * Patterns that have it in common may share one subscription.
 */
export function widenedPattern(pattern: string): string {
  const words = pattern.split('.').map((word) => (word.includes('*') ? '*' : word));
  return words.join('.');
}
