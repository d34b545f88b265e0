import type { ApplicationTasks } from './application-process.ts';
import type { BenchOptions, Verdict } from './bench.ts';
import { type Destination, declareDestination } from './destination.ts';
import { type ForkedProcess, forkProcess } from './forked-process.ts';
import { median } from './measurement.ts';
import type { PushTasks } from './naive-push-process.ts';
import { textTable } from './text-table.ts';

/** How many requests run at once: the default, and many. */
const concurrencies = [10, 100];
/** How fast the gateway must be beside a consumer that is written by hand, and below what something is broken. */
const target = 0.9;
const alarm = 0.7;

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
  const gateway = { name: 'gateway', file: new URL('./push-gateway-process.ts', import.meta.url), nodeOptions };
  const [rounds, amount] = quick ? [3, 4_000] : [7, 15_000];
  const measured = new Map<string, Round[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const concurrency of concurrencies) {
      for (const subject of [naive, gateway]) {
        const result = await measure(subject, pushing, concurrency, amount);
        console.error(`${round}/${rounds} ${subject.name} ${concurrency}: ${result.perSecond.toFixed(0)}/s`);
        const key = `${subject.name} ${concurrency}`;
        measured.set(key, [...(measured.get(key) ?? []), result]);
      }
    }
  }
  await Promise.all([application.end(), destination.end()]);
  return report(measured, naive, gateway);
}

async function measure(subject: Subject, pushing: Pushing, concurrency: number, amount: number): Promise<Round> {
  const { destination, application, brokerUrl, url } = pushing;
  const consumer = forkProcess<PushTasks>(subject.file, subject.nodeOptions);
  // Until its code is compiled, a process is slower.
  for (const messages of [1_000, amount]) {
    await destination.empty();
    await destination.fill(messages);
    await application.ask('expect', messages);
    const before = await consumer.ask('cpuMicroseconds');
    await consumer.ask('start', brokerUrl, url, concurrency);
    const perSecond = await application.ask('perSecond');
    const cpu = (await consumer.ask('cpuMicroseconds')) - before;
    await consumer.ask('stop');
    if (messages !== amount) continue;
    await consumer.end();
    return { perSecond, cpuMicrosPerMessage: cpu / amount, left: await destination.restingCount() };
  }
  throw new Error('nothing was measured');
}

function report(measured: ReadonlyMap<string, Round[]>, naive: Subject, gateway: Subject): Verdict {
  const of = (name: string, concurrency: number) => measured.get(`${name} ${concurrency}`) ?? [];
  const lines = concurrencies.flatMap((concurrency) =>
    [naive, gateway].map(({ name }) => {
      const rounds = of(name, concurrency);
      const speed = median(rounds.map(({ perSecond }) => perSecond));
      const cpu = median(rounds.map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage));
      return [name, String(concurrency), speed.toFixed(0), cpu.toFixed(1)];
    }),
  );
  const table = textTable(['queue to application', 'concurrency', 'msg/s', 'CPU µs/msg'], lines);
  const left = [...measured].filter(([, rounds]) => rounds.some((round) => round.left > 0)).map(([key]) => key);
  if (left.length > 0) return { text: `${table}\n\nFAILED: messages were left in the queue by ${left}`, failed: true };
  const verdicts = concurrencies.map((concurrency) => {
    const hand = of(naive.name, concurrency);
    const ratios = of(gateway.name, concurrency).map(
      ({ perSecond }, index) => perSecond / (hand[index]?.perSecond ?? 0),
    );
    const ratio = median(ratios);
    const failed = ratio < alarm;
    const verdict = failed ? 'ALARM' : `Target ${ratio < target ? 'MISSED' : 'met'}`;
    const single = ratios.map((one) => one.toFixed(2)).join(', ');
    const text = `${verdict}: push with concurrency ${concurrency} ≥ ${target} of ${naive.name}: ${ratio.toFixed(2)} (single rounds: ${single})`;
    return { text, failed };
  });
  return {
    text: `${table}\n\n${verdicts.map(({ text }) => text).join('\n')}`,
    failed: verdicts.some(({ failed }) => failed),
  };
}
