import type { BareFastifyTasks } from './bare-fastify-process.ts';
import type { Destination } from './destination.ts';
import { type ForkedProcess, forkProcess } from './forked-process.ts';
import type { GatewayTasks } from './gateway-process.ts';
import type { HandWrittenTasks } from './hand-written-process.ts';
import type { LoadTasks } from './load-process.ts';
import type { Measurement } from './measurement.ts';
import type { RawAmqplibTasks } from './raw-amqplib-process.ts';

export interface Round extends Measurement {
  readonly subject: string;
  readonly connections: number;
  /** Of the subject's own process, without the load generator and the broker. */
  readonly cpuMicrosPerMessage: number;
  /** How many more messages the queue holds than were confirmed. */
  readonly surplus: number;
}

interface Durations {
  readonly warmUpSeconds: number;
  readonly measuredSeconds: number;
}

/** What is measured, in a process of its own. */
export interface Subject {
  /** @param connections of the load generator; for amqplib, how many messages are unconfirmed at a time */
  measure(connections: number, durations: Durations): Promise<Round>;
  end(): Promise<void>;
}

type WithCpuTime = ForkedProcess<{ cpuMicroseconds(): number }>;

/**
 * Publishes with amqplib alone.
 *
 * @param isWhole whether its messages have the headers that the gateway gives to each
 */
export async function rawAmqplib(brokerUrl: string, destination: Destination, isWhole = false): Promise<Subject> {
  const subject = forkProcess<RawAmqplibTasks>(new URL('./raw-amqplib-process.ts', import.meta.url));
  await subject.ask('start', brokerUrl);
  return {
    async measure(window, { warmUpSeconds, measuredSeconds }) {
      await subject.ask('publish', window, warmUpSeconds * 1000, isWhole);
      const work = () => subject.ask('publish', window, measuredSeconds * 1000, isWhole);
      return measured('raw amqplib', window, subject, work, destination);
    },
    end: () => subject.end(),
  };
}

/** Answers without a broker. */
export async function bareFastify(load: ForkedProcess<LoadTasks>): Promise<Subject> {
  const subject = forkProcess<BareFastifyTasks>(new URL('./bare-fastify-process.ts', import.meta.url));
  return httpSubject('bare Fastify', subject, await subject.ask('start'), load);
}

/** Publishes what comes by HTTP, with Fastify, amqplib and nothing else. */
export async function handWritten(
  brokerUrl: string,
  destination: Destination,
  load: ForkedProcess<LoadTasks>,
): Promise<Subject> {
  const subject = forkProcess<HandWrittenTasks>(new URL('./hand-written-process.ts', import.meta.url));
  return httpSubject('hand-written', subject, await subject.ask('start', brokerUrl), load, destination);
}

/** @param nodeOptions such as `--cpu-prof` */
export async function gateway(
  brokerUrl: string,
  destination: Destination,
  load: ForkedProcess<LoadTasks>,
  nodeOptions: readonly string[] = [],
): Promise<Subject> {
  const subject = forkProcess<GatewayTasks>(new URL('./gateway-process.ts', import.meta.url), nodeOptions);
  return httpSubject('gateway', subject, await subject.ask('start', brokerUrl), load, destination);
}

/** The ways to send many messages with one request. */
export interface ManyWay {
  readonly name: string;
  readonly connections: number;
  /** The number of messages of a batch; undefined for a stream. */
  readonly size?: number;
}

/** Returns a gateway with a subject for each way to send many messages. */
export async function gatewayOfMany(
  ways: readonly ManyWay[],
  brokerUrl: string,
  destination: Destination,
  load: ForkedProcess<LoadTasks>,
  nodeOptions: readonly string[] = [],
): Promise<readonly Subject[]> {
  const subject = forkProcess<GatewayTasks>(new URL('./gateway-process.ts', import.meta.url), nodeOptions);
  const address = await subject.ask('start', brokerUrl);
  return ways.map(({ name, connections, size }) => ({
    async measure(_, { warmUpSeconds, measuredSeconds }) {
      if (size === undefined) {
        const { perSecond } = await load.ask('stream', address, 1000 * warmUpSeconds);
        const amount = Math.round(perSecond * measuredSeconds);
        const work = () => load.ask('stream', address, amount);
        return measured(name, connections, subject, work, destination);
      }
      const warm = await load.ask('sendBatches', address, size, connections, { duration: warmUpSeconds });
      const amount = Math.max(connections, Math.round((warm.perSecond * measuredSeconds) / size));
      const work = () => load.ask('sendBatches', address, size, connections, { amount });
      return measured(name, connections, subject, work, destination);
    },
    end: () => subject.end(),
  }));
}

function httpSubject(
  name: string,
  subject: WithCpuTime,
  address: string,
  load: ForkedProcess<LoadTasks>,
  destination?: Destination,
): Subject {
  return {
    async measure(connections, { warmUpSeconds, measuredSeconds }) {
      const { perSecond } = await load.ask('warmUp', address, connections, warmUpSeconds);
      const amount = Math.max(connections, Math.round(perSecond * measuredSeconds));
      return measured(name, connections, subject, () => load.ask('send', address, connections, amount), destination);
    },
    end: () => subject.end(),
  };
}

async function measured(
  subject: string,
  connections: number,
  process: WithCpuTime,
  work: () => Promise<Measurement>,
  destination?: Destination,
): Promise<Round> {
  await destination?.empty();
  const before = await process.ask('cpuMicroseconds');
  const measurement = await work();
  const cpuMicros = (await process.ask('cpuMicroseconds')) - before;
  const { accepted } = measurement;
  const surplus = destination ? (await destination.count()) - accepted : 0;
  return { ...measurement, subject, connections, cpuMicrosPerMessage: cpuMicros / accepted, surplus };
}
