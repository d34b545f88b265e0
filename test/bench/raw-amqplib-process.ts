import { type ConfirmChannel, connect } from 'amqplib';
import { corker, socketOf } from '../../src/engine/amqp/connection/amqp-socket.ts';
import { busExchange } from '../../src/engine/broker/bus-exchange.ts';
import { commandBody } from './command-body.ts';
import { command, service } from './destination.ts';
import { cpuMicroseconds, offer } from './forked-process.ts';
import { type Measurement, measurementOf } from './measurement.ts';

const options = { contentType: 'application/json', persistent: true, mandatory: true };
const body = Buffer.from(commandBody);
/** The headers of a message of the bus. */
const { headers } = command(body);

let channel: ConfirmChannel;
let cork: () => void;

const tasks = {
  async start(brokerUrl: string): Promise<void> {
    const model = await connect(brokerUrl, { noDelay: true });
    channel = await model.createConfirmChannel();
    if (!socketOf(model)) throw new Error("amqplib's socket is not where it was: nothing would be corked.");
    cork = corker(model);
  },

  /**
   * Keeps `window` messages unconfirmed for a time, and then waits for the last confirm.
   *
   * @param isWhole whether the messages have the headers that the gateway gives to each
   */
  publish(window: number, milliseconds: number, isWhole: boolean): Promise<Measurement> {
    const properties = isWhole ? { ...options, headers } : options;
    const latenciesMs: number[] = [];
    const startedAt = performance.now();
    let inFlight = 0;
    let errors = 0;
    return new Promise((resolve) => {
      const publishOne = () => {
        const publishedAt = performance.now();
        inFlight++;
        channel.publish(busExchange, service, body, properties, (error) => {
          const now = performance.now();
          inFlight--;
          if (error) errors++;
          else latenciesMs.push(now - publishedAt);
          if (now - startedAt < milliseconds) publishOne();
          else if (inFlight === 0) resolve(measurementOf(latenciesMs, errors, now - startedAt));
        });
        cork();
      };
      for (let index = 0; index < window; index++) publishOne();
    });
  },
  cpuMicroseconds,
};

export type RawAmqplibTasks = typeof tasks;

offer(tasks);
