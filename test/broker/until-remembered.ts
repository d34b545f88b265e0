import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves once RabbitMQ remembers what was declared before, also when it is killed. It writes such things within
 * three seconds, and does not tell when.
 */
export async function untilDurable(): Promise<void> {
  await delay(5_000);
}
