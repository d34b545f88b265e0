import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';

/** How long a message is remembered after its handler has ended, for what the application sends late. */
const recentMs = 5 * 60_000;
const maxRecent = 2_000;

interface Parent {
  readonly message: Message;
  /** Number of calls that handle it at the moment. */
  calls: number;
  /** The time at which the last of them ended, as `performance.now()` counts. */
  endedAt: number;
}

/**
 * The messages that applications outside of this process are handling, and handled lately. What an application sends
 * with `Message-Parent-Id` inherits from one of them.
 */
export class ParentMessages {
  readonly #handled = new Map<string, Parent>();
  /** In the order in which their handling ended. */
  readonly #recent = new Map<string, Parent>();

  /** Notes that the handling of a message begins. @returns a function that notes the end */
  begin({ headers, arrived }: Message): () => void {
    const id = headers[Header.id];
    if (typeof id !== 'string') return () => {};
    const parent = this.#handled.get(id) ?? { message: { headers, arrived, payload: undefined }, calls: 0, endedAt: 0 };
    parent.calls += 1;
    this.#handled.set(id, parent);
    return () => {
      parent.calls -= 1;
      if (parent.calls > 0) return;
      this.#handled.delete(id);
      parent.endedAt = performance.now();
      this.#recent.delete(id);
      this.#recent.set(id, parent);
      this.#dropOld();
    };
  }

  /** Returns the message with an id, without its payload; undefined if no application of this gateway handles it. */
  find(id: string): Message | undefined {
    this.#dropOld();
    return (this.#handled.get(id) ?? this.#recent.get(id))?.message;
  }

  #dropOld(): void {
    const oldest = performance.now() - recentMs;
    for (const [id, { endedAt }] of this.#recent) {
      if (endedAt > oldest && this.#recent.size <= maxRecent) return;
      this.#recent.delete(id);
    }
  }
}
