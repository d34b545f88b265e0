import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { Compile } from 'typebox/compile';
import { serviceQueue } from '../../src/wire/service-queue.ts';
import { ChangeDetails } from './change-details.ts';
import { service } from './destination.ts';
import { type Drain, DrainMeter } from './drain-meter.ts';
import { offer } from './forked-process.ts';

const validator = Compile(ChangeDetails);

let model: ChannelModel;

const tasks = {
  async start(brokerUrl: string): Promise<void> {
    model = await connect(brokerUrl, { noDelay: true });
  },

  /** Takes so many messages, as one would write it by hand: parse, check, handle, acknowledge. */
  async drain(amount: number, concurrency: number): Promise<Drain> {
    const meter = new DrainMeter(amount);
    const handle = async (_command: ChangeDetails) => meter.count();
    const channel = await model.createChannel();
    const receive = async (message: ConsumeMessage | null) => {
      if (message === null) return;
      try {
        const command: unknown = JSON.parse(message.content.toString());
        if (!validator.Check(command)) throw new Error('The message does not fit its schema.');
        await handle(command);
        channel.ack(message);
      } catch (error) {
        console.error(error);
        channel.nack(message, false, false);
      }
    };
    await channel.prefetch(concurrency);
    await channel.consume(serviceQueue(service), receive);
    const drain = await meter.finished;
    // The last one is not acknowledged yet, and a channel that closes forgets what it has not told a quorum queue.
    await delay(100);
    await channel.close();
    return drain;
  },
};

export type NaiveConsumerTasks = typeof tasks;

offer(tasks);
