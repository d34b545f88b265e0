import { connect } from 'amqplib';
import { DeadLetters } from '../../src/dead-letter/dead-letters.ts';
import { bindKeys } from '../../src/engine/amqp/bind-keys.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import { createLogger } from '../../src/logger.ts';
import { deadLetterQueue } from '../../src/wire/service-queue.ts';

export interface EventLoad {
  readonly bytes: number;
  readonly userHeaders: number;
  /** Number of handlers of the event. */
  readonly handlers: number;
  /** Number of handlers of other events. Default: none. */
  readonly registered?: number;
  readonly messages: number;
}

const key = 'order.placed';
const rounds = 3;

/** Returns the microseconds of CPU that one event costs from the call of the bus to its last handler. */
export async function eventCost({
  bytes,
  userHeaders,
  handlers,
  registered = 0,
  messages,
}: EventLoad): Promise<number> {
  let handled = 0;
  let onHandled = () => {};
  const handle = () => {
    handled += 1;
    onHandled();
  };
  const own = Array.from({ length: handlers }, (_, index) =>
    defineEventHandler({ routingKey: key, endpointId: `own ${index}`, distributed: true, handle }),
  );
  const others = Array.from({ length: registered }, (_, index) =>
    defineEventHandler({ routingKey: `other.${index}`, distributed: true, handle }),
  );
  const gateway = await inMemoryGateway([...others, ...own]);
  const body = JSON.stringify({ items: Array.from({ length: bytes / 50 }, (_, id) => ({ id, name: 'x'.repeat(20) })) });
  const metadata = Object.fromEntries(Array.from({ length: userHeaders }, (_, index) => [`header${index}`, 'a value']));
  const publishAll = async () => {
    handled = 0;
    const done = new Promise<void>((resolve) => {
      onHandled = () => handled === messages * handlers && resolve();
    });
    for (let sent = 0; sent < messages; sent++) {
      await gateway.distributedBus.publishEvent(key, body, 'application/json', metadata);
    }
    if (handlers > 0) await done;
  };
  await publishAll();
  const cost = await leastCpuMicros(publishAll);
  await gateway.stop();
  return cost / messages;
}

/** Returns the microseconds of CPU that each dead letter costs that is no match. */
export async function deadLettersCost(count: number): Promise<number> {
  const gateway = await inMemoryGateway([]);
  const queue = deadLetterQueue('bench');
  const headers = { routingKey: key, payloadType: 'event', 'exception-message': 'failed' };
  for (let index = 0; index < count; index++) {
    const message = { headers: { ...headers, id: `${index}` }, body: Buffer.from('{"a":1}') };
    await gateway.channel.publish({ to: { queue }, message });
  }
  const letters = new DeadLetters({ service: 'bench', channel: gateway.channel, logger: gateway.logger });
  const cost = await leastCpuMicros(() => letters.list({ limit: 1, routingKey: 'no.match' }));
  await gateway.stop();
  return cost / count;
}

/** Returns the microseconds of CPU that each binding costs this process. */
export async function bindingsCost(brokerUrl: string, count: number): Promise<number> {
  const connection = await connect(brokerUrl);
  const channel = await connection.createChannel();
  const queue = `bindings_${count}`;
  await channel.assertQueue(queue);
  const keys = Array.from({ length: count }, (_, index) => `event.${index}`);
  const cost = await leastCpuMicros(() => bindKeys(channel, queue, 'amq.topic', keys));
  await connection.close();
  return cost / count;
}

async function inMemoryGateway(handlers: ReturnType<typeof defineEventHandler>[]): Promise<Gateway> {
  const config = { service: 'bench', channel: 'in-memory' as const, handlers };
  const gateway = createGateway(config, { environment: {}, logger: createLogger('silent') });
  await gateway.start();
  return gateway;
}

async function leastCpuMicros(work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return least;
}
