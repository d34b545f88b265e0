import type { QueuedMessage } from './queued-message.ts';

interface Link {
  readonly queued: QueuedMessage;
  previous: Link | undefined;
  next: Link | undefined;
}

/**
 * The messages that wait in a queue, in the order of their sequence numbers. Linked, so that a message that expires in
 * the middle and the first one leave equally fast however many wait.
 */
export class MessageList {
  readonly #links = new Map<QueuedMessage, Link>();
  #first: Link | undefined;
  #last: Link | undefined;

  get length(): number {
    return this.#links.size;
  }

  get first(): QueuedMessage | undefined {
    return this.#first?.queued;
  }

  /** Puts a message into its place: the newest at once, a requeued one after a walk past the older ones. */
  add(queued: QueuedMessage): void {
    let previous = this.#last;
    if (previous !== undefined && previous.queued.sequence > queued.sequence)
      previous = this.#lastBefore(queued.sequence);
    const next = previous === undefined ? this.#first : previous.next;
    const link: Link = { queued, previous, next };
    this.#join(previous, link);
    this.#join(link, next);
    this.#links.set(queued, link);
  }

  delete(queued: QueuedMessage): void {
    const link = this.#links.get(queued);
    if (link === undefined) return;
    this.#links.delete(queued);
    this.#join(link.previous, link.next);
  }

  *[Symbol.iterator](): Generator<QueuedMessage> {
    for (let link = this.#first; link !== undefined; link = link.next) yield link.queued;
  }

  #lastBefore(sequence: number): Link | undefined {
    let before: Link | undefined;
    // From the front, because requeued messages were taken from there.
    for (let link = this.#first; link !== undefined && link.queued.sequence < sequence; link = link.next) before = link;
    return before;
  }

  #join(left: Link | undefined, right: Link | undefined): void {
    if (left === undefined) this.#first = right;
    else left.next = right;
    if (right === undefined) this.#last = left;
    else right.previous = left;
  }
}
