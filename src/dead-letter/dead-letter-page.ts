import type { DeadLetterCursor } from './dead-letter-cursor.ts';
import type { DeadLetterSummary, DeadLetterView } from './dead-letter-view.ts';

/** Part of a list. */
export interface DeadLetterPage {
  readonly items: readonly DeadLetterSummary[];
  /** The cursor of the page after this one; null at the end. */
  readonly next: string | null;
  /** Total number of dead letters; present only if a filter matches none of them. */
  readonly total?: number;
  /** The reason why the dead letters after these cannot be shown. Absent if there is none. */
  readonly fault?: string;
}

/** Maximum difference between the clocks of several gateways. */
const clockSlackMs = 60_000;

/** One place where a page can begin, and what is there. */
interface Beginning {
  /** Returns whether the page begins with this one, or behind it. Called until it does. */
  readonly isAt: (letter: DeadLetterView, position: number) => boolean;
  readonly isBehind: boolean;
  /** Returns whether the search has passed the place. */
  readonly isPast: (position: number) => boolean;
  begun: boolean;
  readonly items: DeadLetterSummary[];
  lastTimeMs: number;
  /** The dead letter after the page. */
  next: { readonly id: string; readonly position: number } | undefined;
}

/**
 * Finds a page in one browse. The page begins with the dead letter that was next; if that has gone, behind the last one
 * that was listed; if that has gone as well, with the first that is not older. The search follows all three until one
 * is certain.
 */
export class PageSearch {
  readonly #limit: number;
  readonly #matches: (letter: DeadLetterView) => boolean;
  #looked = 0;
  /** The best one first. */
  readonly #beginnings: readonly Beginning[];

  constructor(limit: number, matches: (letter: DeadLetterView) => boolean, after: DeadLetterCursor | undefined) {
    this.#limit = limit;
    this.#matches = matches;
    this.#beginnings = after === undefined ? [beginning(() => true)] : beginningsAfter(after);
  }

  /** @returns whether the page is complete */
  add(letter: DeadLetterView, position: number): boolean {
    this.#looked += 1;
    for (const one of this.#beginnings) {
      const wasBegun = one.begun;
      one.begun ||= one.isAt(letter, position);
      const isListed = one.isBehind ? wasBegun : one.begun;
      if (isListed && one.next === undefined && this.#matches(letter)) this.#put(one, letter, position);
    }
    // Once the page begins at a place, the less certain places do not matter any more.
    const best = this.#beginnings.find((one) => one.begun || !one.isPast(position));
    return best?.next !== undefined;
  }

  /** Returns the number of dead letters that were read, with or without a match. */
  get looked(): number {
    return this.#looked;
  }

  /** The page as far as it is known: the items, and where the next page begins. */
  page(): { items: readonly DeadLetterSummary[]; next: DeadLetterCursor | undefined } {
    const found = this.#beginnings.find(({ begun }) => begun);
    const last = found?.items.at(-1);
    if (found?.next === undefined || last === undefined) return { items: found?.items ?? [], next: undefined };
    const { id: nextId, position: nextPosition } = found.next;
    return { items: found.items, next: { nextId, nextPosition, lastId: last.id, lastTimeMs: found.lastTimeMs } };
  }

  #put(one: Beginning, letter: DeadLetterView, position: number): void {
    if (one.items.length === this.#limit) {
      one.next = { id: letter.id, position };
      return;
    }
    one.items.push(letter.summary());
    one.lastTimeMs = Math.max(0, letter.timeMs ?? 0);
  }
}

function beginningsAfter({ nextId, nextPosition, lastId, lastTimeMs }: DeadLetterCursor): Beginning[] {
  const notOlder = ({ timeMs }: DeadLetterView) => lastTimeMs === 0 || (timeMs ?? 0) >= lastTimeMs - clockSlackMs;
  return [
    // The position counts as well, because equal messages that the broker moved can have the same id.
    beginning(({ id }, position) => id === nextId && position === nextPosition, nextPosition),
    beginning(({ id }) => id === nextId, nextPosition),
    // The last one came before the next one.
    { ...beginning(({ id }) => id === lastId, nextPosition), isBehind: true },
    beginning(notOlder),
  ];
}

function beginning(isAt: Beginning['isAt'], lastPosition = Number.POSITIVE_INFINITY): Beginning {
  const isPast = (position: number) => position >= lastPosition;
  return { isAt, isBehind: false, isPast, begun: false, items: [], lastTimeMs: 0, next: undefined };
}
