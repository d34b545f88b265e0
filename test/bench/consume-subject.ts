import type { Destination } from './destination.ts';
import type { Drain } from './drain-meter.ts';
import { forkProcess } from './forked-process.ts';
import type { GatewayConsumerTasks, HandlerKind } from './gateway-consumer-process.ts';
import type { NaiveConsumerTasks } from './naive-consumer-process.ts';

export interface ConsumeRound extends Drain {
  readonly subject: string;
  readonly concurrency: number;
  /** How many messages the queue still holds, of which every one was handled. */
  readonly left: number;
}

/** A consumer that is measured, in a process of its own. */
export interface ConsumeSubject {
  /** @param amount of messages, which are in the queue before the first is taken */
  measure(concurrency: number, amount: number): Promise<ConsumeRound>;
  end(): Promise<void>;
}

/** Consumes with amqplib, as one writes it by hand. */
export async function naiveConsumer(brokerUrl: string, destination: Destination): Promise<ConsumeSubject> {
  const subject = forkProcess<NaiveConsumerTasks>(new URL('./naive-consumer-process.ts', import.meta.url));
  await subject.ask('start', brokerUrl);
  return {
    measure: (concurrency, amount) =>
      measured('naive amqplib', concurrency, amount, destination, () => subject.ask('drain', amount, concurrency)),
    end: () => subject.end(),
  };
}

/**
 * @param kind of its handler
 * @param nodeOptions such as `--cpu-prof`
 */
export function gatewayConsumer(
  brokerUrl: string,
  destination: Destination,
  kind: HandlerKind,
  nodeOptions: readonly string[] = [],
): ConsumeSubject {
  const subject = forkProcess<GatewayConsumerTasks>(
    new URL('./gateway-consumer-process.ts', import.meta.url),
    nodeOptions,
  );
  return {
    measure: (concurrency, amount) =>
      measured(kind, concurrency, amount, destination, () =>
        subject.ask('drain', brokerUrl, kind, amount, concurrency),
      ),
    end: () => subject.end(),
  };
}

async function measured(
  subject: string,
  concurrency: number,
  amount: number,
  destination: Destination,
  drain: () => Promise<Drain>,
): Promise<ConsumeRound> {
  await destination.empty();
  await destination.fill(amount);
  const result = await drain();
  return { ...result, subject, concurrency, left: await destination.restingCount() };
}
