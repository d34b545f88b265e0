import { setTimeout as delay } from 'node:timers/promises';

/**
 * Milliseconds after which RabbitMQ keeps a declaration if it is killed. It writes declarations to the disk within three
 * seconds, and does not report when.
 */
export const durableAfterMs = 5_000;

/** Resolves once RabbitMQ keeps what was declared before, also if it is killed. */
export async function untilDurable(): Promise<void> {
  await delay(durableAfterMs);
}
