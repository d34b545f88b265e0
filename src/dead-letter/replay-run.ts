import type { BrowseAction, WaitingMessage } from '../engine/browsing.ts';
import type { Publisher } from '../engine/publication.ts';
import { isLittoralError } from '../errors.ts';
import { DeadLetterView } from './dead-letter-view.ts';
import { publishReplay } from './publish-replay.ts';

export interface ReplayProgress {
  readonly replayed: number;
  /** Number of dead letters that were kept because they cannot be published: headers too large, or invalid in AMQP. */
  readonly failed: number;
  /** Number of dead letters that were visited, replayed or not. */
  readonly seen: number;
  /** Number of dead letters at the beginning. */
  readonly total: number;
}

export interface ReplayRunOptions {
  readonly service: string;
  readonly channel: Publisher;
  readonly matches: (letter: DeadLetterView) => boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: ReplayProgress) => void) | undefined;
}

/** Part of a replay: a browse that finds the matching dead letters, then one that replays them. */
interface ReplaySlice {
  /** The position of the last one to search. Undefined: all. */
  readonly lookUpTo: number | undefined;
  readonly look: (letter: DeadLetterView, waiting: WaitingMessage) => void;
  /** The position of the last matching one. Known after the first browse. */
  readonly upTo: number;
  /** True if there can be more behind it. Known after the first browse. */
  readonly isFull: boolean;
  readonly replay: (waiting: WaitingMessage) => BrowseAction | Promise<BrowseAction>;
}

/** Errors that concern a single message. Others can still be replayed. */
const unpublishable: ReadonlySet<string> = new Set(['invalid-header', 'headers-too-large', 'body-too-large']);

/** A replay of many dead letters, slice by slice. */
export class ReplayRun {
  readonly progress = { replayed: 0, failed: 0, seen: 0, total: 0 };
  readonly #options: ReplayRunOptions;

  constructor(options: ReplayRunOptions) {
    this.#options = options;
  }

  /**
   * Begins the next part.
   *
   * @param most the maximum number that it may replay
   * @returns undefined if nothing is left to do
   */
  slice(most: number): ReplaySlice | undefined {
    const { matches, signal } = this.#options;
    const { replayed, failed, total } = this.progress;
    // Dead letters of the beginning have moved up by the number that has left. Behind them are later ones.
    const left = total - replayed;
    if (most <= 0 || signal?.aborted || (total > 0 && left === 0)) return undefined;
    // Those that could not be published are still there, before all others that match.
    const [seenOf, visitedOf] = [{ count: -failed }, { count: -failed }];
    const isMeant = (letter: DeadLetterView, matching: { count: number }) => {
      if (!matches(letter)) return false;
      matching.count += 1;
      return matching.count > 0;
    };
    let upTo = 0;
    const { progress } = this;
    return {
      lookUpTo: total === 0 ? undefined : left,
      look(letter, { position, total: waiting, end }) {
        if (progress.total === 0) progress.total = waiting;
        if (signal?.aborted) end();
        if (!isMeant(letter, seenOf)) return;
        upTo = position;
        if (seenOf.count >= most) end();
      },
      get upTo() {
        return upTo;
      },
      get isFull() {
        return seenOf.count >= most;
      },
      replay: (waiting) => {
        if (signal?.aborted) waiting.end();
        const letter = new DeadLetterView(waiting);
        if (signal?.aborted || !isMeant(letter, visitedOf)) return 'keep';
        progress.seen = replayed + waiting.position;
        return this.#replay(letter);
      },
    };
  }

  async #replay(letter: DeadLetterView): Promise<BrowseAction> {
    const { signal, onProgress } = this.#options;
    try {
      await publishReplay(letter, this.#options, signal);
      this.progress.replayed += 1;
      return 'remove';
    } catch (error) {
      if (isLittoralError(error) && unpublishable.has(error.code)) this.progress.failed += 1;
      else if (!signal?.aborted) throw error;
      return 'keep';
    } finally {
      onProgress?.({ ...this.progress });
    }
  }
}
