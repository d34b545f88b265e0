import { LittoralError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { busRefusal, type PublishRefusal } from './publish-refusal.ts';
import { refusedForMs } from './refused-publishes.ts';

const firstProbeMs = 1_000;

/**
 * The refusal of all publishes on the bus. While it lasts, the gateway repeats the probe in the background, not for
 * each caller.
 */
export class BusRefusal {
  readonly #logger: Logger;
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Returns why nothing can be published on the bus; undefined while publishing is permitted. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** @throws LittoralError `write-refused` while the bus is refused */
  assertNone(): void {
    if (this.#problem === undefined) return;
    throw new LittoralError('write-refused', `Nothing was sent: ${this.#problem}.`);
  }

  /** Sets the refusal; undefined once the bus may be written to. */
  set(refusal: PublishRefusal | undefined): void {
    const problem = refusal && busRefusal(refusal.text);
    if (problem !== undefined && this.#problem === undefined)
      this.#logger.error({ reason: problem }, 'publishing on the bus is refused');
    if (problem === undefined && this.#problem !== undefined)
      this.#logger.info('publishing on the bus is permitted again');
    this.#problem = problem;
    this.stopProbing();
  }

  /**
   * Probes after a pause, and again while the bus is refused. Each pause is twice as long, up to the time for which
   * refusals are cached.
   *
   * @param probe updates the refusal; its errors are ignored
   * @param isCurrent returns false when the connection is another one
   */
  probeLater(probe: () => Promise<void>, isCurrent: () => boolean, waitMs = firstProbeMs): void {
    this.stopProbing();
    const retry = async () => {
      await probe().catch(() => {});
      if (this.#problem === undefined || !isCurrent()) return;
      this.probeLater(probe, isCurrent, Math.min(refusedForMs, 2 * waitMs));
    };
    this.#timer = setTimeout(retry, waitMs).unref();
  }

  stopProbing(): void {
    clearTimeout(this.#timer);
  }
}
