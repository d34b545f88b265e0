import { startBroker } from '../broker/start-broker.ts';
import { createVhost } from '../broker/vhost.ts';
import { allCuts, eachOf } from './cut-plan.ts';
import type { Cut } from './cutting-proxy.ts';
import { createRandom } from './random.ts';
import { runCut } from './run-cut.ts';

export interface RunAllCutsOptions {
  /** Decides the order of the cuts, and which of them are made. */
  readonly seed: number;
  /** One of so many cuts that are beside each other is made. */
  readonly every: number;
  readonly log: (line: string) => void;
}

/** Number of runs side by side, each with a service of its own: most of the time a run waits. */
const lanes = 8;

/**
 * Cuts a connection after every byte that a run carries, or after one of some bytes, in a random order, so that the first
 * minutes find the most.
 *
 * @returns the number of violations
 */
export async function runAllCuts({ seed, every, log }: RunAllCutsOptions): Promise<number> {
  const broker = process.env.RABBITMQ_URL
    ? {
        url: process.env.RABBITMQ_URL,
        managementUrl: String(process.env.RABBITMQ_MANAGEMENT_URL),
        close: async () => {},
      }
    : await startBroker();
  const vhost = await createVhost(broker);
  const services = Array.from({ length: lanes }, (_, lane) => `cut${lane}`);
  const run = (service: string, cut?: Cut) => runCut({ url: vhost.url, service, isDelaying: true, cut });
  const made: Record<string, number> = {};
  const count = (what: string) => {
    made[what] = (made[what] ?? 0) + 1;
  };
  let violations = 0;
  try {
    await Promise.all(services.map((service) => run(service)));
    const { carried, bodies } = await run(services[0] as string);
    const all = allCuts(carried, bodies);
    const random = createRandom(seed);
    const cuts = random.shuffled(eachOf(all, every, random));
    log(`seed ${seed}: ${cuts.length} of ${all.length} cuts of ${JSON.stringify(carried)} bytes`);
    // Each lane takes the next cut that is left.
    const left = cuts.entries();
    const lane = async (service: string) => {
      for (const [index, cut] of left) {
        const { violations: found, hasCut } = await run(service, cut);
        count(hasCut ? `${cut.how}, ${cut.direction}` : 'none: the run ended before');
        for (const violation of found) log(`VIOLATION at ${JSON.stringify(cut)}: ${violation}`);
        violations += found.length;
        if (index % 100 === 0) log(`${index + 1} of ${cuts.length}, ${violations} violations`);
      }
    };
    await Promise.all(services.map(lane));
  } finally {
    await vhost.close();
    await broker.close();
  }
  log(`cuts made: ${JSON.stringify(made)}; ${violations} violations; seed ${seed}`);
  return violations;
}
