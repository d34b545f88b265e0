import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { systemClock } from '../time/clock.ts';
import { RecentMap } from '../time/recent-map.ts';

/** How long and how many messages are remembered after their handlers have ended, for what applications send late. */
const remembered = { windowMs: 5 * 60_000, maxEntries: 2_000 };

interface Parent {
  readonly message: Message;
  /** Number of calls that handle it at the moment. */
  calls: number;
}

/**
 * The messages that applications outside of this process are handling, and handled lately. What an application sends
 * with `Message-Parent-Id` inherits from one of them.
 */
export class ParentMessages {
  readonly #handled = new Map<string, Parent>();
  readonly #recent = new RecentMap<Message>({ ...remembered, clock: systemClock });

  /** Notes that the handling of a message begins. @returns a function that notes the end */
  begin({ headers, arrived }: Message): () => void {
    const id = headers[Header.id];
    if (typeof id !== 'string') return () => {};
    const parent = this.#handled.get(id) ?? { message: { headers, arrived, payload: undefined }, calls: 0 };
    parent.calls += 1;
    this.#handled.set(id, parent);
    return () => {
      parent.calls -= 1;
      if (parent.calls > 0) return;
      this.#handled.delete(id);
      this.#recent.set(id, parent.message);
    };
  }

  /** Returns the message with an id, without its payload; undefined if no application of this gateway handles it. */
  find(id: string): Message | undefined {
    return this.#handled.get(id)?.message ?? this.#recent.get(id);
  }
}
