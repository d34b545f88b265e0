/**
 * An upper bound of the age of the oldest message in a queue. AMQP does not show it. A queue keeps its order, so what
 * waits was sent after the last message that was delivered, and arrived after the queue was last empty.
 */
export class QueueAge {
  readonly #wallMs: () => number;
  #emptyAtMs: number;

  constructor(wallMs: () => number = Date.now) {
    this.#wallMs = wallMs;
    this.#emptyAtMs = wallMs();
  }

  /**
   * Returns the age in seconds.
   *
   * @param ready number of messages that wait; undefined if it is unknown
   * @param lastSentMs the time at which the last delivered message was sent; undefined if it is unknown
   */
  seconds(ready: number | undefined, lastSentMs: number | undefined): number | undefined {
    if (ready === undefined) return undefined;
    const nowMs = this.#wallMs();
    if (ready === 0) {
      this.#emptyAtMs = nowMs;
      return 0;
    }
    return Math.max(0, nowMs - Math.max(this.#emptyAtMs, lastSentMs ?? Number.NEGATIVE_INFINITY)) / 1000;
  }
}
