import { Header, type MessageHeaders } from '../../message/message-headers.ts';

/** The characters of a UUIDv7 around its version. Its first 48 bits are milliseconds since 1970 (RFC 9562 section 5.7). */
const versionAt = 14;

/**
 * Returns the time at which a message was sent, in milliseconds since 1970. The header is in whole seconds; a message id
 * of version 7 has the milliseconds.
 *
 * @returns undefined if the sender wrote no time
 */
export function sentAtMs({ [Header.timestamp]: seconds, [Header.id]: id }: MessageHeaders): number | undefined {
  if (typeof seconds !== 'number' || !(seconds > 0)) return undefined;
  const sentMs = seconds * 1000;
  if (typeof id !== 'string' || id.length !== 36 || id[versionAt] !== '7') return sentMs;
  const idMs = Number.parseInt(id.slice(0, 8), 16) * 65_536 + Number.parseInt(id.slice(9, 13), 16);
  // A sender can choose both.
  return idMs >= sentMs - 1000 && idMs < sentMs + 2000 ? idMs : sentMs;
}
