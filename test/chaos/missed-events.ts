import { matchesTopic } from '../../src/engine/broker/topic-pattern.ts';
import type { BindingGap, HandlerCall, SentMessage } from './ledger.ts';

/**
 * Returns whether a service may lack an event because its queue was not bound when the event was published.
 *
 * @param calls all calls of handlers for this event
 */
export function isMissed(
  { eventKey, attempts, delayMs }: SentMessage,
  service: string,
  calls: readonly HandlerCall[],
  gaps: readonly BindingGap[],
): boolean {
  // The gateways detect that no queue took a command, and refuse it.
  if (eventKey === undefined) return false;
  // One handler was called, so the queue had the event, for all handlers of the service.
  if (calls.some(({ endpoint }) => isOfService(endpoint, service))) return false;
  const own = gaps.filter((gap) => gap.service === service && matchesTopic(gap.key, eventKey));
  const firstElsewhere = Math.min(...calls.map(({ begunAt }) => begunAt));
  return attempts
    .filter(({ outcome }) => outcome === 'accepted')
    .every(({ sentAt, answeredAt }) => {
      // A delayed event is published after it is due, and before another service is called for it.
      const from = sentAt + delayMs;
      const until = delayMs > 0 ? firstElsewhere : answeredAt;
      return own.some((gap) => gap.from <= until && gap.until >= from);
    });
}

/** Returns whether an endpoint of the ledger, such as `billing:pay`, belongs to a service. */
export function isOfService(endpoint: string, service: string): boolean {
  return endpoint.startsWith(`${service}:`);
}
