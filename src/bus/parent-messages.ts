import { TurnoverMap } from '../collection/turnover-map.ts';
import { inheritedFrom } from '../message/inherited-headers.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { systemClock } from '../time/clock.ts';
import { RecentMap } from '../time/recent-map.ts';

/** How long and how many messages are remembered after their handlers have ended, for what applications send late. */
const remembered = { windowMs: 5 * 60_000, maxEntries: 2_000 };

interface Parent {
  /** The message, as far as other messages inherit from it. */
  readonly message: Message;
  /** Number of calls that handle it at the moment. */
  calls: number;
}

/**
 * The messages that applications outside of this process are handling, and handled lately. What an application sends
 * with `Message-Parent-Id` inherits from one of them.
 */
export class ParentMessages {
  readonly #handled = new TurnoverMap<string, Parent>();
  readonly #recent = new RecentMap<Message>({ ...remembered, clock: systemClock });

  /** Notes that the handling of a message begins. @returns a function that notes the end */
  begin(message: Message): () => void {
    const id = message.headers[Header.id];
    if (typeof id !== 'string') return () => {};
    let parent = this.#handled.get(id);
    if (parent === undefined) {
      parent = { message: inheritable(message), calls: 0 };
      this.#handled.set(id, parent);
    }
    parent.calls += 1;
    return () => {
      parent.calls -= 1;
      if (parent.calls > 0) return;
      this.#handled.delete(id);
      this.#recent.set(id, parent.message);
    };
  }

  /** Returns what is inherited from the message with an id; undefined if no application of this gateway handles it. */
  find(id: string): Message | undefined {
    return this.#handled.get(id)?.message ?? this.#recent.get(id);
  }
}

/**
 * Returns a message of which others inherit the same. Thousands are remembered: the encoded headers of each would keep
 * all that the connection has read together with them.
 */
function inheritable(message: Message): Message {
  const { headers, arrived, correlationId, parentId } = inheritedFrom(message);
  const own = { ...headers, [Header.id]: parentId, [Header.correlationId]: correlationId };
  return { headers: own, arrived: Object.keys(headers).length === 0 ? undefined : arrived, payload: undefined };
}
