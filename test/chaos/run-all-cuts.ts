import { randomInt } from 'node:crypto';
import { startBroker } from '../broker/start-broker.ts';
import { createVhost } from '../broker/vhost.ts';
import { allCuts } from './cut-plan.ts';
import { createRandom } from './random.ts';
import { runCut } from './run-cut.ts';

/** Cuts a connection after every byte that a run carries, in a random order, so that the first minutes find the most. */
export async function runAllCuts(log: (line: string) => void, seed = randomInt(2 ** 31)): Promise<number> {
  const broker = process.env.RABBITMQ_URL
    ? {
        url: process.env.RABBITMQ_URL,
        managementUrl: String(process.env.RABBITMQ_MANAGEMENT_URL),
        close: async () => {},
      }
    : await startBroker();
  const vhost = await createVhost(broker);
  let violations = 0;
  try {
    await runCut({ url: vhost.url, service: 'cut', isDelaying: true });
    const { carried } = await runCut({ url: vhost.url, service: 'cut', isDelaying: true });
    const cuts = createRandom(seed).shuffled(allCuts(carried));
    log(`seed ${seed}: ${cuts.length} cuts of ${JSON.stringify(carried)} bytes`);
    for (const [index, cut] of cuts.entries()) {
      const beganMs = performance.now();
      const run = await runCut({ url: vhost.url, service: 'cut', isDelaying: true, cut });
      const tookMs = performance.now() - beganMs;
      for (const violation of run.violations) log(`VIOLATION at ${JSON.stringify(cut)}: ${violation}`);
      violations += run.violations.length;
      if (index % 50 === 0 || run.violations.length > 0) {
        log(`${index + 1} of ${cuts.length}, ${violations} violations; the last took ${Math.round(tookMs)} ms`);
      }
    }
  } finally {
    await vhost.close();
    await broker.close();
  }
  return violations;
}
