import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'amqplib';
import { declareSubscription } from '../../src/amqp/amqp-topology.ts';
import { deadLetterQueue, serviceQueue } from '../../src/distribution/service-queue.ts';

/** The service that everything is sent to. Nobody consumes its queue. */
export const service = 'billing';

/** The queue of that service. */
export interface Destination {
  /** How many messages it holds: exact, for what was confirmed. */
  count(): Promise<number>;
  /** Removes all messages, also those that are still on their way. */
  empty(): Promise<void>;
  end(): Promise<void>;
}

/** Declares the queue as littoral does. */
export async function declareDestination(url: string): Promise<Destination> {
  const connection = await connect(url);
  const queue = serviceQueue(service);
  const subscription = { queue, deadLetterQueue: deadLetterQueue(service), bindingKeys: [service] };
  await declareSubscription(connection, { ...subscription, prefetch: 1, onDelivery: () => {} }, 'quorum');
  const channel = await connection.createChannel();
  return {
    async count() {
      return (await channel.checkQueue(queue)).messageCount;
    },
    async empty() {
      // Requests that the load generator abandoned may still end in the queue.
      for (let last = -1, now = 0; now !== last; await delay(100)) {
        last = now;
        now = (await channel.checkQueue(queue)).messageCount;
      }
      await channel.purgeQueue(queue);
    },
    async end() {
      await connection.close();
    },
  };
}
