import { setTimeout as delay } from 'node:timers/promises';
import type { ApplicationTasks } from './application-process.ts';
import type { BenchOptions, Verdict } from './bench.ts';
import { type Destination, declareDestination } from './destination.ts';
import { type ForkedProcess, forkProcess } from './forked-process.ts';
import type { PushTasks } from './hand-written-push.ts';
import { median } from './measurement.ts';
import { textTable } from './text-table.ts';

/** How many requests run at once: the default, and many. */
const concurrencies = [10, 100];
/** How fast the gateway must be beside a consumer that is written by hand, and below what something is broken. */
const target = 0.9;
const alarm = 0.7;

/**
 * The messages of a process that are not measured: with the first, its code is compiled; with the second, the gateway
 * finds out how many requests the application takes at once. They are the same for each subject.
 */
const warmUps = { compiling: 2_000, starting: 1_000 };

interface Round {
  readonly perSecond: number;
  readonly cpuMicrosPerMessage: number;
  readonly left: number;
}

interface Subject {
  readonly name: string;
  readonly file: URL;
  readonly nodeOptions: readonly string[];
}

interface Pushing {
  readonly brokerUrl: string;
  readonly destination: Destination;
  readonly application: ForkedProcess<ApplicationTasks>;
  readonly url: string;
}

/** How fast a full queue is posted to an application: by the gateway, and by a consumer that is written by hand. */
export async function benchPushing({ brokerUrl, quick, nodeOptions }: BenchOptions): Promise<Verdict> {
  const destination = await declareDestination(brokerUrl);
  const application = forkProcess<ApplicationTasks>(new URL('./application-process.ts', import.meta.url));
  const pushing = { brokerUrl, destination, application, url: await application.ask('start') };
  const naive = {
    name: 'amqplib and undici',
    file: new URL('./naive-push-process.ts', import.meta.url),
    nodeOptions: [],
  };
  const builtIn = {
    name: 'amqplib and fetch',
    file: new URL('./naive-fetch-process.ts', import.meta.url),
    nodeOptions: [],
  };
  const gateway = { name: 'gateway', file: new URL('./push-gateway-process.ts', import.meta.url), nodeOptions };
  const [rounds, amount] = quick ? [3, 4_000] : [7, 15_000];
  const measured = new Map<string, Round[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const concurrency of concurrencies) {
      for (const subject of [naive, builtIn, gateway]) {
        const result = await measure(subject, pushing, concurrency, amount);
        console.error(`${round}/${rounds} ${subject.name} ${concurrency}: ${result.perSecond.toFixed(0)}/s`);
        const key = `${subject.name} ${concurrency}`;
        measured.set(key, [...(measured.get(key) ?? []), result]);
      }
    }
  }
  const resting = await measureResting(gateway, pushing);
  await Promise.all([application.end(), destination.end()]);
  const { text, failed } = report(measured, [naive, builtIn, gateway]);
  return { text: `${text}\n${resting}`, failed };
}

async function measure(subject: Subject, pushing: Pushing, concurrency: number, amount: number): Promise<Round> {
  const { destination, application, brokerUrl, url } = pushing;
  const consumer = forkProcess<PushTasks>(subject.file, subject.nodeOptions);
  const run = async (messages: number, skipped: number) => {
    await destination.empty();
    await destination.fill(messages + skipped);
    await application.ask('expect', messages, skipped);
    await consumer.ask('start', brokerUrl, url, concurrency);
    await application.ask('warm');
    const before = await consumer.ask('cpuMicroseconds');
    const perSecond = await application.ask('perSecond');
    const cpu = (await consumer.ask('cpuMicroseconds')) - before;
    await consumer.ask('stop');
    return { perSecond, cpuMicrosPerMessage: cpu / messages };
  };
  await run(warmUps.compiling, 0);
  const measured = await run(amount, warmUps.starting);
  await consumer.end();
  return { ...measured, left: await destination.restingCount() };
}

/** How long a gateway is watched that has nothing to do, in milliseconds, and how many messages wait meanwhile. */
const rest = { settlingMs: 5_000, watchedMs: 10_000, messages: 1_000 };

/** Measures what a gateway costs whose application is away while messages wait, beside one whose queue is empty. */
async function measureResting(gateway: Subject, { destination, brokerUrl, url }: Pushing): Promise<string> {
  const cpuOf = async (messages: number, address: string) => {
    const consumer = forkProcess<PushTasks>(gateway.file);
    await destination.empty();
    await destination.fill(messages);
    await consumer.ask('start', brokerUrl, address, 10);
    await delay(rest.settlingMs);
    const before = await consumer.ask('cpuMicroseconds');
    await delay(rest.watchedMs);
    const micros = (await consumer.ask('cpuMicroseconds')) - before;
    await consumer.ask('stop');
    await consumer.end();
    return `${(micros / rest.watchedMs).toFixed(2)} ms`;
  };
  const away = await cpuOf(rest.messages, unusedAddress);
  const left = await destination.restingCount();
  const idle = await cpuOf(0, url);
  await destination.empty();
  return `CPU in a second while the application is away and ${left} of ${rest.messages} messages wait: ${away}; with an empty queue: ${idle}`;
}

/** Nothing listens there. */
const unusedAddress = 'http://127.0.0.1:9';

function report(measured: ReadonlyMap<string, Round[]>, subjects: readonly [Subject, Subject, Subject]): Verdict {
  const [naive, builtIn, gateway] = subjects;
  const of = (name: string, concurrency: number) => measured.get(`${name} ${concurrency}`) ?? [];
  const lines = concurrencies.flatMap((concurrency) =>
    subjects.map(({ name }) => {
      const rounds = of(name, concurrency);
      const speed = median(rounds.map(({ perSecond }) => perSecond));
      const cpu = median(rounds.map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage));
      return [name, String(concurrency), speed.toFixed(0), cpu.toFixed(1)];
    }),
  );
  const table = textTable(['queue to application', 'concurrency', 'msg/s', 'CPU µs/msg'], lines);
  const left = [...measured].filter(([, rounds]) => rounds.some((round) => round.left > 0)).map(([key]) => key);
  if (left.length > 0) return { text: `${table}\n\nFAILED: messages were left in the queue by ${left}`, failed: true };
  const ratiosOf = (subject: Subject, other: Subject, concurrency: number) => {
    const others = of(other.name, concurrency);
    return of(subject.name, concurrency).map(({ perSecond }, index) => perSecond / (others[index]?.perSecond ?? 0));
  };
  const comparisons = concurrencies.map((concurrency) => {
    const ratio = median(ratiosOf(naive, builtIn, concurrency));
    return `undici's pool with concurrency ${concurrency} has ${ratio.toFixed(2)} of the rate of Node's fetch.`;
  });
  const verdicts = concurrencies.map((concurrency) => {
    const ratios = ratiosOf(gateway, naive, concurrency);
    const ratio = median(ratios);
    const failed = ratio < alarm;
    const verdict = failed ? 'ALARM' : `Target ${ratio < target ? 'MISSED' : 'met'}`;
    const single = ratios.map((one) => one.toFixed(2)).join(', ');
    const text = `${verdict}: push with concurrency ${concurrency} ≥ ${target} of ${naive.name}: ${ratio.toFixed(2)} (single rounds: ${single})`;
    return { text, failed };
  });
  return {
    text: [table, '', ...comparisons, ...verdicts.map(({ text }) => text)].join('\n'),
    failed: verdicts.some(({ failed }) => failed),
  };
}
