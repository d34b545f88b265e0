import { setTimeout as delay } from 'node:timers/promises';
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { serviceQueue } from '../../src/wire/service-queue.ts';
import { service } from './destination.ts';
import { cpuMicroseconds } from './forked-process.ts';

/** Posts requests to one application. */
interface HandWrittenClient {
  /** @returns the status of the answer, which was read */
  post(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<number>;
  close(): Promise<void>;
}

let model: ChannelModel;
let channel: Channel;
let client: HandWrittenClient;

/**
 * The tasks of a process that posts each message to the application, as one would write it by hand, and acknowledges it
 * when it is answered.
 */
export function handWrittenPush(open: (url: string, concurrency: number) => HandWrittenClient) {
  return {
    async start(brokerUrl: string, url: string, concurrency: number): Promise<void> {
      model = await connect(brokerUrl, { noDelay: true });
      channel = await model.createChannel();
      client = open(url, concurrency);
      await channel.prefetch(concurrency);
      await channel.consume(serviceQueue(service), receive);
    },

    /** Ends, after the last acknowledgement. */
    async stop(): Promise<void> {
      await delay(100);
      await channel.close();
      await model.close();
      await client.close();
    },

    cpuMicroseconds,
  };
}

async function receive(message: ConsumeMessage | null): Promise<void> {
  if (message === null) return;
  const { headers = {}, contentType } = message.properties;
  const routingKey = headers['ecotone.distributed.routingKey'];
  const described = {
    'content-type': contentType,
    'message-id': headers.id,
    'message-correlation-id': headers.correlationId,
    'message-routing-key': routingKey,
  };
  try {
    const status = await client.post(`/commands/${routingKey}`, described, message.content);
    if (status < 300) channel.ack(message);
    else channel.nack(message, false, false);
  } catch (error) {
    console.error(error);
    channel.nack(message, false, false);
  }
}

export type PushTasks = ReturnType<typeof handWrittenPush>;
