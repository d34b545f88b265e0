import { isLittoralError } from '../errors.ts';
import { pause } from './pause.ts';

const busyPause = { firstMs: 100, maxMs: 5_000 };

/**
 * Publishes once the broker and this process have room. Until then the message that it is about stays in hand: given
 * back, its handlers would run again for nothing, and given back too often, it would be dead.
 *
 * @param stopping ends the waiting
 * @throws what publishing throws for another reason, or for this one when the waiting was ended
 */
export async function whenNotBusy<Receipt>(publish: () => Promise<Receipt>, stopping: AbortSignal): Promise<Receipt> {
  for (let pauseMs = busyPause.firstMs; ; pauseMs = Math.min(busyPause.maxMs, 2 * pauseMs)) {
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
