import { Header } from '../message/message-headers.ts';
import type { Deliveries, PastDelivery } from './deliveries.ts';
import type { TestEngine } from './test-engine.ts';

/** Returns whether a delivery failed. A message without a handler fails at its first deferral, and as a dead letter. */
function isFailure({ outcome, message }: PastDelivery): boolean {
  if (outcome === 'deferred') return message.headers[Header.deferrals] === undefined;
  return outcome === 'dead letter' || outcome === 'retried later';
}

/**
 * Tells each failure once. Several can send at the same time: each hears of what followed from its own message, and of
 * what followed from nobody's.
 */
export class Failures {
  readonly #deliveries: Deliveries;
  readonly #channel: TestEngine;
  readonly #told = new Set<PastDelivery>();
  /** The ids of messages that somebody waits for. */
  readonly #followed = new Set<unknown>();

  constructor(deliveries: Deliveries, channel: TestEngine) {
    this.#deliveries = deliveries;
    this.#channel = channel;
  }

  /** From now on what follows from a message is told to the one who names it. */
  follow(messageId: string): void {
    this.#followed.add(messageId);
  }

  /**
   * Tells what has failed.
   *
   * @param messageId the message that the caller waited for, where there is one
   * @throws the error of a handler, or of a message without one; an AggregateError of several
   */
  tell(messageId?: string): void {
    this.#followed.delete(messageId);
    const failed = this.#deliveries.past.filter(isFailure);
    const untold = failed.filter((delivery) => !this.#told.has(delivery) && !this.#isForAnother(delivery));
    for (const delivery of untold) this.#told.add(delivery);
    const errors = untold.flatMap(({ failures }) => failures.map(({ error }) => error));
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} handlers or messages failed`);
    if (errors.length === 1) throw errors[0];
  }

  /** Whether it followed from a message that somebody else still waits for. */
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
