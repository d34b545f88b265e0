import type { OutboundChannel } from '../channel/message-channel.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { pause } from './pause.ts';
import { replayOf } from './replay.ts';

/** How long a broker or a process without room is waited for. */
const busyPauses = { eachMs: 200, count: 100 };

const never = new AbortController().signal;

/**
 * Puts a dead letter back into its queue. Resolves once the queue has it: the dead letter may be removed then.
 *
 * @param signal ends the wait for room
 * @throws LittoralError `destination-not-found`; what `OutboundChannel.publish` throws
 */
export async function publishReplay(
  deadLetter: TransportMessage,
  { service, channel }: { readonly service: string; readonly channel: OutboundChannel },
  signal: AbortSignal = never,
): Promise<void> {
  const { queue, message } = replayOf(deadLetter, service);
  for (let attempt = 0; ; attempt++) {
    try {
      const { routed } = await channel.publish({ to: { queue }, message });
      if (routed) return;
      const detail = `Nothing was replayed: the queue '${queue}' does not exist. Start '${service}' once, which declares it.`;
      throw new LittoralError('destination-not-found', detail);
    } catch (error) {
      if (!isBusy(error) || attempt === busyPauses.count || signal.aborted) throw error;
      await pause(busyPauses.eachMs, signal);
    }
  }
}

function isBusy(error: unknown): boolean {
  return isLittoralError(error) && (error.code === 'broker-blocked' || error.code === 'too-many-in-flight');
}
