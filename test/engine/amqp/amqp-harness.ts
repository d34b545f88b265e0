import { type Channel, connect } from 'amqplib';
import type { AmqpEngineOptions } from '../../../src/engine/amqp/amqp-engine.ts';
import { fromAmqp } from '../../../src/engine/amqp/amqp-message-mapper.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { TransportMessage } from '../../../src/message/transport-message.ts';
import type { EngineHarness } from '../engine-contract.ts';
import { createAmqpEngine } from './create-amqp-engine.ts';

/** A started channel to a vhost, which others can be added to, and a view of its queues from outside. */
export async function amqpHarness(url: string, options: Partial<AmqpEngineOptions> = {}): Promise<EngineHarness> {
  const opened: Engine[] = [];
  const another = async () => {
    const channel = createAmqpEngine({ url, service: 'contract', ...options });
    opened.push(channel);
    await channel.start();
    return channel;
  };
  return {
    channel: await another(),
    another,
    messages: (queue) => waitingMessages(url, queue),
    async close() {
      await Promise.all(opened.map((channel) => channel.close(1000)));
    },
  };
}

/** What waits in a queue: taken and given back, so on a quorum queue it counts as a delivery. */
export async function waitingMessages(url: string, queue: string): Promise<TransportMessage[]> {
  const connection = await connect(url);
  connection.on('error', () => {});
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    // Not by the count that comes with it, which is 0 for a quorum queue that is slow to answer.
    const exists = await channel.checkQueue(queue).then(
      () => true,
      () => false,
    );
    return exists ? await takeAll(channel, queue) : [];
  } finally {
    await connection.close();
  }
}

/** The texts of the messages that wait in a queue, the next one first. */
export async function waitingTexts(url: string, queue: string): Promise<string[]> {
  return (await waitingMessages(url, queue)).map(({ body }) => Buffer.from(body).toString());
}

async function takeAll(channel: Channel, queue: string): Promise<TransportMessage[]> {
  const messages: TransportMessage[] = [];
  for (;;) {
    const message = await channel.get(queue);
    if (!message) return messages;
    messages.push(fromAmqp({ ...message, fields: { ...message.fields, consumerTag: '' } }));
  }
}
