import type { Engine } from '../engine/engine.ts';
import { completesWithin } from '../time/timeout.ts';

const connectTimeoutMs = 10_000;
const closeTimeoutMs = 2_000;

/**
 * Runs some work on a connected channel, and closes the channel afterwards. If the channel cannot reach the broker in
 * time, the work runs nevertheless, and fails with the error of the connection.
 *
 * @throws what the work throws; LittoralError `topology-mismatch`
 */
export async function withChannel<Result>(channel: Engine, work: () => Promise<Result>): Promise<Result> {
  try {
    await completesWithin(connectTimeoutMs, channel.start());
    return await work();
  } finally {
    await channel.close(closeTimeoutMs);
  }
}
