import type { FastifyRequest } from 'fastify';
import { isLittoralError, type LittoralError } from '../../errors.ts';
import type { RoutePermission, SendPermission } from '../auth/permission.ts';

/** A destination, as a permission names it. */
export type Address = Pick<SendPermission, 'kind' | 'destination' | 'routingKey'>;

/** A message of a request, or the reason why it is not sent. */
export type Entry = (Address & { readonly payload?: unknown }) | LittoralError;

/** Returns the key of a destination. The destination of an event is its routing key. */
export function keyOf({ kind, destination, routingKey }: Address): string {
  return kind === 'event' ? `event ${routingKey}` : `service ${destination}`;
}

/** Returns the key of the destination in the path of a request; undefined if the body names the destinations. */
export function destinationOf(permission: RoutePermission | undefined, request: FastifyRequest): string | undefined {
  const to = typeof permission === 'function' ? permission(request) : undefined;
  return typeof to === 'object' ? keyOf(to) : undefined;
}

/** Counts the messages and the bytes of entries by their destinations. */
export function byDestination(entries: readonly Entry[]): Map<string, { count: number; bytes: number }> {
  const found = new Map<string, { count: number; bytes: number }>();
  for (const entry of entries) {
    if (isLittoralError(entry)) continue;
    const key = keyOf(entry);
    const { count, bytes } = found.get(key) ?? { count: 0, bytes: 0 };
    const { payload } = entry;
    found.set(key, { count: count + 1, bytes: bytes + (payload instanceof Uint8Array ? payload.byteLength : 0) });
  }
  return found;
}
