import type { Publisher } from '../engine/publication.ts';
import { type Backoff, retryWhileBusy } from '../engine/retry-while-busy.ts';
import { LittoralError } from '../errors.ts';
import type { DeadLetterView } from './dead-letter-view.ts';
import { replayOf } from './replay.ts';

/** About twenty seconds, because the caller waits for the answer. */
const busyPauses: Backoff = { firstMs: 200, maxMs: 200, count: 100 };

const never = new AbortController().signal;

/** The target of a replay. */
interface ReplayedTo {
  readonly service: string;
  /** The queue that the service consumes. Default: Ecotone's name for it. */
  readonly queue?: string | undefined;
  readonly channel: Publisher;
}

/**
 * Puts a dead letter back into its queue. Resolves once the queue has it: the dead letter may be removed then.
 *
 * @param signal ends the wait for room
 * @throws LittoralError `destination-not-found`; what `Publisher.publish` throws
 */
export async function publishReplay(
  letter: DeadLetterView,
  { service, queue: consumed, channel }: ReplayedTo,
  signal: AbortSignal = never,
): Promise<void> {
  const { queue, message } = replayOf(letter, service, consumed);
  const { routed } = await retryWhileBusy(() => channel.publish({ to: { queue }, message }), signal, busyPauses);
  if (routed) return;
  const detail = `Nothing was replayed: the queue '${queue}' does not exist. Start '${service}' once, which declares it.`;
  throw new LittoralError('destination-not-found', detail);
}
