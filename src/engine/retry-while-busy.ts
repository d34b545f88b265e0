import { isLittoralError } from '../errors.ts';
import { abortableDelay } from '../time/abortable-delay.ts';

/** The delays between attempts, and how many there are at most. */
export interface Backoff {
  readonly firstMs: number;
  /** Each is twice as long as the one before, up to this. */
  readonly maxMs: number;
  /** Default: no bound. */
  readonly count?: number;
}

const defaultBackoff: Backoff = { firstMs: 100, maxMs: 5_000 };

/**
 * Publishes once the broker and this process have room. The delivery stays unacknowledged until then: if it were
 * requeued, its handlers would run again in vain, and the broker would dead-letter it after its delivery limit.
 *
 * @param stopping a signal that ends the wait
 * @throws what publishing throws for another reason, or for this one when the waiting has ended
 */
export async function retryWhileBusy<Receipt>(
  publish: () => Promise<Receipt>,
  stopping: AbortSignal,
  { firstMs, maxMs, count = Number.POSITIVE_INFINITY }: Backoff = defaultBackoff,
): Promise<Receipt> {
  let pauseMs = firstMs;
  for (let pauses = 0; ; pauses++) {
    try {
      return await publish();
    } catch (error) {
      if (pauses >= count || stopping.aborted || !isBusy(error)) throw error;
      await abortableDelay(pauseMs, stopping);
      pauseMs = Math.min(maxMs, 2 * pauseMs);
    }
  }
}

function isBusy(error: unknown): boolean {
  if (!isLittoralError(error)) return false;
  return error.isLate || error.code === 'broker-blocked' || error.code === 'too-many-in-flight';
}
