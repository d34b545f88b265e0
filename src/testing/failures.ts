import { Header } from '../message/message-headers.ts';
import type { Deliveries, PastDelivery } from './deliveries.ts';
import type { TestEngine } from './test-engine.ts';

/** Returns whether a delivery failed. A message without a handler fails at its first deferral, and as a dead letter. */
function isFailure({ outcome, message }: PastDelivery): boolean {
  if (outcome === 'deferred') return message.headers[Header.deferrals] === undefined;
  return outcome === 'dead letter' || outcome === 'retried later';
}

/**
 * Throws each failure once. Several callers can send at the same time: each gets the failures that followed from its own
 * message, and those that followed from no caller's.
 */
export class Failures {
  readonly #deliveries: Deliveries;
  readonly #channel: TestEngine;
  readonly #reported = new Set<PastDelivery>();
  /** The ids of messages that a caller waits for. */
  readonly #followed = new Set<unknown>();

  constructor(deliveries: Deliveries, channel: TestEngine) {
    this.#deliveries = deliveries;
    this.#channel = channel;
  }

  /** Reserves the failures that follow from a message for the caller that names it. */
  follow(messageId: string): void {
    this.#followed.add(messageId);
  }

  /**
   * Throws the failures that were not reported before.
   *
   * @param messageId the message that the caller waited for, where there is one
   * @throws the error of a handler, or of a message without one; an AggregateError of several
   */
  throwUnreported(messageId?: string): void {
    this.#followed.delete(messageId);
    const failed = this.#deliveries.past.filter(isFailure);
    const unreported = failed.filter((delivery) => !this.#reported.has(delivery) && !this.#isForAnother(delivery));
    for (const delivery of unreported) this.#reported.add(delivery);
    const errors = unreported.flatMap(({ failures }) => failures.map(({ error }) => error));
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} handlers or messages failed`);
    if (errors.length === 1) throw errors[0];
  }

  /** Returns whether a delivery followed from a message that another caller still waits for. */
  #isForAnother({ message }: PastDelivery): boolean {
    const { publications } = this.#channel;
    const seen = new Set<unknown>();
    for (let id = message.headers[Header.id]; id !== undefined && !seen.has(id); ) {
      if (this.#followed.has(id)) return true;
      seen.add(id);
      const published = publications.find((publication) => publication.message.headers[Header.id] === id);
      id = published?.message.headers[Header.parentId];
    }
    return false;
  }
}
