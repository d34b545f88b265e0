import { handlerKind } from '../handler/handler-definition.ts';
import type { RegisteredHandler } from '../handler/handler-registry.ts';
import type { CompleteRetries } from '../handler/retries.ts';
import { patienceMs } from './stages/enter-gate.ts';

export interface HoldOptions {
  /** Deadline of a handler without its own, in milliseconds. */
  readonly handlerTimeoutMs: number;
  /** The retries of the service. */
  readonly retries: CompleteRetries;
}

/** Time for the work after a handler: its sends are confirmed, and a retry or a dead letter is published. */
const settlingMs = 300_000;

/**
 * Computes how long a delivery can stay unacknowledged in normal operation: the handlers of an event are called one
 * after the other, each up to its deadline, and again for each of its instant retries. It is unknown which events share
 * a key, so the handlers of all events count.
 *
 * @returns milliseconds
 */
export function longestHoldMs(handlers: readonly RegisteredHandler[], options: HoldOptions): number {
  let commandMs = 0;
  let eventsMs = 0;
  for (const { definition, gate } of handlers) {
    if (!definition.distributed) continue;
    const instant = definition.retries?.instant?.maxAttempts ?? options.retries.instant.maxAttempts;
    const waitMs = gate === undefined ? 0 : patienceMs(gate, Number.POSITIVE_INFINITY);
    const holdMs = waitMs + (definition.timeoutMs ?? options.handlerTimeoutMs) * (1 + instant);
    if (definition[handlerKind] === 'command') commandMs = Math.max(commandMs, holdMs);
    else eventsMs += holdMs;
  }
  return Math.max(commandMs, eventsMs) + settlingMs;
}
