import type { FastifyRequest } from 'fastify';

/** A permission to send one message. */
export interface SendPermission {
  readonly kind: 'command' | 'event' | 'message';
  /** The service that receives it; undefined for an event. */
  readonly destination?: string | undefined;
  readonly routingKey: string;
}

/** The permissions of routes whose requests all require the same one, by their names in grants. */
export const namedPermissions = [
  'deliveries:pull',
  'dead-letters:read',
  'dead-letters:replay',
  'dead-letters:edit',
  'dead-letters:delete',
  'endpoints:read',
  'metrics:read',
  'docs:read',
] as const;

export type NamedPermission = (typeof namedPermissions)[number];

/** The permission that a request requires. */
export type Permission = SendPermission | NamedPermission;

/**
 * The permission that a route requires before the body is read.
 *
 * - `open`: none. Every caller gets an answer.
 * - `caller`: none, but the caller must be known, or anonymous callers must have a grant.
 * - a function: the permission of a request; undefined if its body decides, and the route checks each message itself.
 */
export type RoutePermission =
  | 'open'
  | 'caller'
  | NamedPermission
  | ((request: FastifyRequest) => Permission | undefined);

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Each route of the gateway declares one. */
    readonly permission?: RoutePermission;
  }
}
