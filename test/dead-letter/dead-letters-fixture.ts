import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { DeadLetterSummary } from '../../src/dead-letter/dead-letter-view.ts';
import { DeadLetters } from '../../src/dead-letter/dead-letters.ts';
import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { deadLetter } from '../../src/recovery/dead-letter.ts';
import { deadLetterQueue, serviceQueue } from '../../src/wire/service-queue.ts';
import { RecordingEngine } from '../endpoint/recording-engine.ts';

const place = { service: 'billing', queue: serviceQueue('billing') };

/** The dead letters of the service `billing` on an in-memory channel, whose queues nobody consumes. */
export async function openDeadLetters() {
  const channel = new RecordingEngine(new InMemoryEngine());
  await channel.start();
  onTestFinished(() => channel.close(0));
  const queues = { queue: serviceQueue('billing'), deadLetterQueue: deadLetterQueue('billing') };
  const onDelivery = () => {};
  await channel.subscribe({ ...queues, bindingKeys: [], prefetch: 1, onDelivery }).stop();
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'trace', base: undefined }, { write: (line: string) => log.push(JSON.parse(line)) });
  return {
    channel,
    log,
    letters: new DeadLetters({ service: 'billing', channel, logger }),
    /** Puts a message there as it is. */
    async put(headers: MessageHeaders, body = '{}') {
      const message = { headers, body: Buffer.from(body) };
      await channel.publish({ to: { queue: queues.deadLetterQueue }, message });
    },
    /** Lets a command fail whose id and payload are the name. */
    async fail(name: string, routingKey = 'change', error: unknown = new TypeError(`of ${name}`)) {
      const headers = { ...commandHeaders, [Header.id]: name, [Header.routingKey]: routingKey };
      const delivery = { message: { headers, body: Buffer.from(name) }, routingKey: 'billing', viaBus: true };
      const message = deadLetter(delivery, { error, endpointId: 'change', attempts: 4 }, place);
      await channel.publish({ to: { queue: queues.deadLetterQueue }, message });
    },
    replayed: () => channel.messages(queues.queue),
    left: () => channel.messages(queues.deadLetterQueue).map(({ headers }) => headers[Header.id]),
  };
}

export const commandHeaders: MessageHeaders = {
  [Header.correlationId]: 'order 7',
  [Header.payloadType]: 'command',
  [Header.targetServiceName]: 'billing',
  [Header.contentType]: 'text/plain',
  executorId: '7',
};

export function namesOf(items: readonly DeadLetterSummary[]): unknown[] {
  return items.map(({ messageId }) => messageId);
}
