import type { BenchOptions, Verdict } from './bench.ts';
import { consumeTable, consumeVerdict } from './consume-report.ts';
import { type ConsumeRound, gatewayConsumer, naiveConsumer } from './consume-subject.ts';
import { declareDestination } from './destination.ts';

/** How many are handled at once: the default, and many. */
const concurrencies = [10, 100];

/** How fast a full queue is emptied: by the gateway, and by a consumer that is written by hand. */
export async function benchConsuming({ brokerUrl, quick, nodeOptions }: BenchOptions): Promise<Verdict> {
  const destination = await declareDestination(brokerUrl);
  const naive = await naiveConsumer(brokerUrl, destination);
  const gateway = gatewayConsumer(brokerUrl, destination, 'gateway', nodeOptions);
  const rich = gatewayConsumer(brokerUrl, destination, 'scope and expressions');
  const subjects = [naive, gateway, rich];
  const [rounds, amount] = quick ? [3, 10_000] : [7, 30_000];
  // Until their code is compiled, all of them are slower.
  for (const subject of subjects) await subject.measure(100, amount);
  const results: ConsumeRound[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const concurrency of concurrencies) {
      for (const subject of subjects) {
        const result = await subject.measure(concurrency, amount);
        console.error(`${round}/${rounds} ${result.subject} ${concurrency}: ${result.perSecond.toFixed(0)}/s`);
        results.push(result);
      }
    }
  }
  await Promise.all([...subjects, destination].map((each) => each.end()));
  const { text, failed } = consumeVerdict(results);
  return { text: `${consumeTable(results)}\n\n${text}`, failed };
}
