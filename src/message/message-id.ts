import { v5, v7, validate } from 'uuid';

/** Fixed for ever: another namespace would give every repeated request another id. */
const idempotencyNamespace = 'a2f1c9de-1d0b-5c0e-9d53-6c1f0b7f4e21';

/** A new message id, ordered by time (UUIDv7, RFC 9562 section 5.7). */
export function newMessageId(): string {
  return v7();
}

/** Tells whether a text is a UUID of any version. */
export function isMessageId(text: string): boolean {
  return validate(text);
}

/** What makes two requests with one idempotency key the same request. */
export interface IdempotentRequest {
  /** Keeps callers apart who may choose the same key, such as tenants. Empty: all share one space. */
  readonly scope: string;
  readonly kind: string;
  readonly destination: string;
  readonly routingKey: string;
  readonly key: string;
}

/**
 * The message id of an idempotent request (UUIDv5, RFC 9562 section 5.5): the same on every gateway, with nothing
 * shared between them.
 */
export function idempotentMessageId({ scope, kind, destination, routingKey, key }: IdempotentRequest): string {
  return v5(JSON.stringify([scope, kind, destination, routingKey, key]), idempotencyNamespace);
}
