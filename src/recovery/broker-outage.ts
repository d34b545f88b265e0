import { type ErrorCode, isLittoralError } from '../errors.ts';

const codes: ReadonlySet<ErrorCode> = new Set([
  'broker-unavailable',
  'write-refused',
  'connection-lost',
  'confirm-timeout',
  'draining',
]);

/** Returns whether a publish failed because the broker is away. It still has the message, and redelivers it. */
export function isBrokerOutage(error: unknown): boolean {
  return isLittoralError(error) && codes.has(error.code);
}
