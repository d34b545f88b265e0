import { setTimeout as delay } from 'node:timers/promises';
import { createAgent, sendRequest } from './request.ts';

/** Twice as long as the longest delay of the load needs. */
const levels = 13;

/** What RabbitMQ keeps in its write cache before a queue is remembered; see `amqp/declared-levels.ts`. */
const untilRememberedMs = 4000;

/**
 * Has gateways declare every queue that delays may need, and waits until the broker would not forget it any more: one
 * that is killed within three seconds of a queue's first use can leave that queue so that nothing leaves it.
 */
export async function warmLevels(addresses: readonly string[]): Promise<void> {
  const agent = createAgent(levels);
  const path = '/events/nobody.listens';
  for (const address of addresses) {
    const send = (level: number) =>
      sendRequest(agent, address, { path, headers: { 'message-delay': String(2 ** level) }, body: '' });
    const answers = await Promise.all(Array.from({ length: levels }, (_, level) => send(level)));
    const refused = answers.find(({ status }) => status !== 202);
    if (refused) throw new Error(`The first delayed messages were answered ${refused.status} ${refused.code}.`);
  }
  agent.destroy();
  await delay(untilRememberedMs);
}
