import { isLittoralError } from '../errors.ts';
import { pause } from './pause.ts';

const pauses = { firstMs: 100, maxMs: 5_000 };

/**
 * Publishes what belongs to a delivery. While the broker or this process has no room the delivery stays in hand: given
 * back too often, it would be dead.
 *
 * @param stopping ends the waiting
 * @throws what publishing throws for another reason, or at the end
 */
export async function whenNotBusy<Result>(publish: () => Promise<Result>, stopping: AbortSignal): Promise<Result> {
  for (let pauseMs = pauses.firstMs; ; pauseMs = Math.min(pauses.maxMs, 2 * pauseMs)) {
    try {
      return await publish();
    } catch (error) {
      if (stopping.aborted || !isBusy(error)) throw error;
      await pause(pauseMs, stopping);
    }
  }
}

function isBusy(error: unknown): boolean {
  return isLittoralError(error) && (error.code === 'broker-blocked' || error.code === 'too-many-in-flight');
}
