import type { MessageHeaders } from '../message/message-headers.ts';

/** The context of an evaluation. Each part is read only if the evaluation reaches it, and at most once. */
export interface ExpressionContext {
  /** The body, decoded by its content type. */
  readonly payload: unknown;
  readonly headers: MessageHeaders;
  /** The header or the payload that the expression stands for. */
  readonly value?: unknown;
  /** The service that the expression stands for. */
  readonly service?: unknown;
  /** Returns a service by its name, or a promise of it. Its errors reach the caller of the expression unchanged. */
  reference(name: string): unknown;
  /** Returns a configuration variable by its name. Its errors reach the caller of the expression unchanged. */
  parameter(name: string): unknown;
}

/** The parts of a message, by the names that an expression has for them. */
export const partNames = ['payload', 'headers', 'value', 'service'] as const;

export type PartName = (typeof partNames)[number];

export function isPartName(name: unknown): name is PartName {
  return partNames.some((part) => part === name);
}
