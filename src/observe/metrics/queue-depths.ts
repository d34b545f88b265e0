import { completesWithin } from '../../time/timeout.ts';

/** Time for which a count is used again: the broker is asked so often at most, however often the metrics are read. */
const keptMs = 5_000;

/** Longest wait of a reading for the broker. What arrives later is used by the next one. */
const waitMs = 250;

/** Time after which a count is no longer shown, because the broker did not answer again. */
const shownMs = 60_000;

interface Count {
  readonly value: number;
  readonly atMs: number;
}

/** The numbers of messages that wait in queues, as the broker counts them. */
export class QueueDepths {
  readonly #count: (queue: string) => Promise<number | undefined>;
  readonly #queues: readonly string[];
  readonly #counts = new Map<string, Count>();
  #refreshing: Promise<void> | undefined;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;

  /** @param count counts the messages in a queue; undefined if the broker does not answer. Never rejects */
  constructor(queues: readonly string[], count: (queue: string) => Promise<number | undefined>) {
    this.#queues = queues;
    this.#count = count;
  }

  /** Asks the broker, unless it was asked lately or owes an answer. Resolves soon in any case. */
  async refresh(): Promise<void> {
    if (this.#refreshing !== undefined || performance.now() - this.#refreshedAtMs < keptMs) return;
    this.#refreshedAtMs = performance.now();
    this.#refreshing = this.#ask().finally(() => {
      this.#refreshing = undefined;
    });
    await completesWithin(waitMs, this.#refreshing);
  }

  /** Returns the last count of a queue; undefined if it is unknown or old. */
  of(queue: string): number | undefined {
    const count = this.#counts.get(queue);
    return count && performance.now() - count.atMs < shownMs ? count.value : undefined;
  }

  async #ask(): Promise<void> {
    await Promise.all(
      this.#queues.map(async (queue) => {
        const value = await this.#count(queue);
        if (value === undefined) this.#counts.delete(queue);
        else this.#counts.set(queue, { value, atMs: performance.now() });
      }),
    );
  }
}
