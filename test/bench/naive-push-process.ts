import { setTimeout as delay } from 'node:timers/promises';
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { Pool } from 'undici';
import { serviceQueue } from '../../src/wire/service-queue.ts';
import { service } from './destination.ts';
import { cpuMicroseconds, offer } from './forked-process.ts';

let model: ChannelModel;
let channel: Channel;
let pool: Pool;

const tasks = {
  /** Posts each message to the application, as one would write it by hand, and acknowledges it when it is answered. */
  async start(brokerUrl: string, url: string, concurrency: number): Promise<void> {
    model = await connect(brokerUrl, { noDelay: true });
    channel = await model.createChannel();
    pool = new Pool(url, { connections: concurrency });
    const receive = async (message: ConsumeMessage | null) => {
      if (message === null) return;
      const { headers = {}, contentType } = message.properties;
      try {
        const answer = await pool.request({
          method: 'POST',
          path: `/commands/${headers['ecotone.distributed.routingKey']}`,
          headers: {
            'content-type': contentType,
            'message-id': headers.id,
            'message-correlation-id': headers.correlationId,
            'message-routing-key': headers['ecotone.distributed.routingKey'],
          },
          body: message.content,
          headersTimeout: 30_000,
        });
        await answer.body.dump();
        if (answer.statusCode < 300) channel.ack(message);
        else channel.nack(message, false, false);
      } catch (error) {
        console.error(error);
        channel.nack(message, false, false);
      }
    };
    await channel.prefetch(concurrency);
    await channel.consume(serviceQueue(service), receive);
  },

  /** Ends, after the last acknowledgement. */
  async stop(): Promise<void> {
    await delay(100);
    await channel.close();
    await model.close();
    await pool.close();
  },

  cpuMicroseconds,
};

export type PushTasks = typeof tasks;

offer(tasks);
