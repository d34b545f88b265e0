import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'amqplib';
import { outboundMessage } from '../../src/bus/outbound-message.ts';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { toAmqp } from '../../src/engine/amqp/amqp-message-mapper.ts';
import { declareBus, declareSubscription } from '../../src/engine/amqp/amqp-topology.ts';
import { toDeclarer } from '../../src/engine/amqp/permitted-declarations.ts';
import { busExchange } from '../../src/engine/broker/bus-exchange.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { deadLetterQueue, serviceQueue } from '../../src/wire/service-queue.ts';
import { commandBody } from './command-body.ts';

/** The service that everything is sent to. */
export const service = 'billing';

/** The queue of that service. */
export interface Destination {
  /** How many messages it holds: exact, for what was confirmed. */
  count(): Promise<number>;
  /** The same once it does not change any more: what was acknowledged is still counted for a moment. */
  restingCount(): Promise<number>;
  /** Removes all messages, also those that are still on their way. */
  empty(): Promise<void>;
  /** Puts so many commands into it, each with an id of its own. */
  fill(amount: number): Promise<void>;
  end(): Promise<void>;
}

/** Declares the queue as littoral does. */
export async function declareDestination(url: string): Promise<Destination> {
  const connection = await connect(url, { noDelay: true });
  const queue = serviceQueue(service);
  const subscription = { queue, deadLetterQueue: deadLetterQueue(service), bindingKeys: [service] };
  const channel = await connection.createConfirmChannel();
  await declareBus(toDeclarer(channel));
  await declareSubscription(toDeclarer(channel), { ...subscription, prefetch: 1, onDelivery: () => {} }, 'quorum');
  const count = async () => (await channel.checkQueue(queue)).messageCount;
  const restingCount = async () => {
    let last = -1;
    for (let now = await count(); now !== last; now = await count()) {
      last = now;
      await delay(100);
    }
    return last;
  };
  return {
    count,
    restingCount,
    async empty() {
      // Requests that the load generator abandoned may still end in the queue.
      await restingCount();
      await channel.purgeQueue(queue);
    },
    async fill(amount) {
      const body = Buffer.from(commandBody);
      for (let published = 0; published < amount; published++) {
        channel.publish(busExchange, service, body, toAmqp(command(body), undefined));
        if (published % 1000 === 999) await channel.waitForConfirms();
      }
      await channel.waitForConfirms();
    },
    async end() {
      await connection.close();
    },
  };
}

/** With all headers that the bus gives it. */
export function command(body: Uint8Array): TransportMessage {
  const key = { kind: 'command', destination: service, routingKey: 'billing.changeDetails' } as const;
  const outbound = { request: { ...key, payload: body }, body, contentType: 'application/json' };
  return outboundMessage(outbound, 'bench', new ConversionService());
}
