import type { BenchOptions, Verdict } from './bench.ts';
import { declareDestination } from './destination.ts';
import { forkProcess } from './forked-process.ts';
import type { LoadTasks } from './load-process.ts';
import { publishTable, publishVerdict } from './publish-report.ts';
import { bareFastify, gateway, handWritten, type Round, rawAmqplib } from './publish-subject.ts';

const window = 64;
const otherConnections = [1, 16, 256];

/**
 * How fast the gateway publishes, beside what it is made of: Fastify without a broker, amqplib without HTTP, and the two
 * put together by hand.
 */
export async function benchPublishing({ brokerUrl, quick, nodeOptions }: BenchOptions): Promise<Verdict> {
  const rounds = quick ? 1 : 3;
  const durations = quick ? { warmUpSeconds: 1, measuredSeconds: 2 } : { warmUpSeconds: 2, measuredSeconds: 5 };
  const destination = await declareDestination(brokerUrl);
  const load = forkProcess<LoadTasks>(new URL('./load-process.ts', import.meta.url));
  const raw = await rawAmqplib(brokerUrl, destination);
  const littoral = await gateway(brokerUrl, destination, load, nodeOptions);
  const byHand = await handWritten(brokerUrl, destination, load);
  const fastify = await bareFastify(load);
  // Those that the targets compare come one after the other.
  const plan = [
    { subject: raw, connections: window },
    { subject: littoral, connections: window },
    { subject: byHand, connections: window },
    { subject: fastify, connections: window },
    ...otherConnections.flatMap((connections) => [littoral, fastify].map((subject) => ({ subject, connections }))),
  ];
  // Until their code is compiled, all of them are slower.
  for (const subject of [raw, littoral, byHand, fastify]) await subject.measure(window, durations);
  const results: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { subject, connections } of plan) {
      const result = await subject.measure(connections, durations);
      console.error(`${round}/${rounds} ${result.subject} ${connections}: ${result.perSecond.toFixed(0)}/s`);
      results.push(result);
    }
  }
  await Promise.all([raw, littoral, byHand, fastify, load, destination].map((each) => each.end()));
  const { text, failed } = publishVerdict(results);
  return { text: `${publishTable(results)}\n\n${text}`, failed };
}
